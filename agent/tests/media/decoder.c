/* A narrow door to libaom's and libvpx's decoders, for tests: what would the expert see? */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <aom/aom_decoder.h>
#include <aom/aomdx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

/* One of them is open. */
struct deskhand_test_decoder {
    int32_t is_av1;
    aom_codec_ctx_t av1;
    vpx_codec_ctx_t vp9;
};

struct planes {
    uint32_t width, height;
    unsigned char *const *plane;
    const int *stride;
};

struct deskhand_test_decoder *deskhand_test_decoder_open(int32_t is_av1) {
    struct deskhand_test_decoder *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->is_av1 = is_av1;
    int failed = is_av1 ? aom_codec_dec_init(&self->av1, aom_codec_av1_dx(), NULL, 0) != 0
                        : vpx_codec_dec_init(&self->vp9, vpx_codec_vp9_dx(), NULL, 0) != 0;
    if (failed) {
        free(self);
        return NULL;
    }
    return self;
}

static int32_t decode_av1(aom_codec_ctx_t *codec, const uint8_t *data, uint32_t size,
                          struct planes *out) {
    if (aom_codec_decode(codec, data, size, NULL) != AOM_CODEC_OK) {
        return 1;
    }
    aom_codec_iter_t iterator = NULL;
    const aom_image_t *image = aom_codec_get_frame(codec, &iterator);
    if (image == NULL || image->fmt != AOM_IMG_FMT_I420) {
        return 2;
    }
    *out = (struct planes){image->d_w, image->d_h, image->planes, image->stride};
    return 0;
}

static int32_t decode_vp9(vpx_codec_ctx_t *codec, const uint8_t *data, uint32_t size,
                          struct planes *out) {
    if (vpx_codec_decode(codec, data, size, NULL, 0) != VPX_CODEC_OK) {
        return 1;
    }
    vpx_codec_iter_t iterator = NULL;
    const vpx_image_t *image = vpx_codec_get_frame(codec, &iterator);
    if (image == NULL || image->fmt != VPX_IMG_FMT_I420) {
        return 2;
    }
    *out = (struct planes){image->d_w, image->d_h, image->planes, image->stride};
    return 0;
}

/* Copies the planes of the decoded picture, which must have an even size, one after the other
 * into `planes`, which has room for `room` bytes. Returns 0 when a picture came out. */
int32_t deskhand_test_decode(struct deskhand_test_decoder *self, const uint8_t *data,
                             uint32_t size, uint8_t *planes, size_t room, uint32_t *width,
                             uint32_t *height) {
    struct planes from;
    int32_t error = self->is_av1 ? decode_av1(&self->av1, data, size, &from)
                                 : decode_vp9(&self->vp9, data, size, &from);
    if (error != 0) {
        return error;
    }
    if ((size_t)from.width * from.height * 3 / 2 > room) {
        return 3;
    }
    *width = from.width;
    *height = from.height;
    for (int plane = 0; plane < 3; plane++) {
        uint32_t columns = plane == 0 ? from.width : from.width / 2;
        uint32_t rows = plane == 0 ? from.height : from.height / 2;
        for (uint32_t row = 0; row < rows; row++) {
            memcpy(planes, from.plane[plane] + (ptrdiff_t)row * from.stride[plane], columns);
            planes += columns;
        }
    }
    return 0;
}

void deskhand_test_decoder_close(struct deskhand_test_decoder *self) {
    if (self == NULL) {
        return;
    }
    if (self->is_av1) {
        aom_codec_destroy(&self->av1);
    } else {
        vpx_codec_destroy(&self->vp9);
    }
    free(self);
}
