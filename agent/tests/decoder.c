/* A narrow door to libvpx's VP9 decoder, for tests: what would the expert see? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

struct vpx_codec_ctx *deskhand_test_decoder_open(void) {
    vpx_codec_ctx_t *codec = calloc(1, sizeof *codec);
    if (codec != NULL && vpx_codec_dec_init(codec, vpx_codec_vp9_dx(), NULL, 0) != VPX_CODEC_OK) {
        free(codec);
        return NULL;
    }
    return codec;
}

/* Copies the luma of the decoded picture into `luma`, which has room for `room` bytes.
 * Returns 0 when a picture came out. */
int32_t deskhand_test_decode(vpx_codec_ctx_t *codec, const uint8_t *data, uint32_t size,
                             uint8_t *luma, size_t room, uint32_t *width, uint32_t *height) {
    if (vpx_codec_decode(codec, data, size, NULL, 0) != VPX_CODEC_OK) {
        return 1;
    }
    vpx_codec_iter_t iterator = NULL;
    const vpx_image_t *image = vpx_codec_get_frame(codec, &iterator);
    if (image == NULL || (size_t)image->d_w * image->d_h > room) {
        return 2;
    }
    *width = image->d_w;
    *height = image->d_h;
    for (uint32_t row = 0; row < image->d_h; row++) {
        memcpy(luma + (size_t)row * image->d_w,
               image->planes[VPX_PLANE_Y] + (ptrdiff_t)row * image->stride[VPX_PLANE_Y],
               image->d_w);
    }
    return 0;
}

void deskhand_test_decoder_close(vpx_codec_ctx_t *codec) {
    if (codec != NULL) {
        vpx_codec_destroy(codec);
        free(codec);
    }
}
