#include "door.h"

#include <stdlib.h>

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

struct vp9 {
    vpx_codec_ctx_t codec;
    vpx_codec_enc_cfg_t config;
    vpx_image_t image;
};

static vpx_codec_err_t tune(vpx_codec_ctx_t *codec, uint32_t width) {
    /* Two tile columns for two threads, where libvpx's minimum of 256 pixels allows. */
    int tile_columns = width >= 512;
    vpx_codec_err_t error = VPX_CODEC_OK;
#define SET(control, value)                                \
    if (error == VPX_CODEC_OK) {                           \
        error = vpx_codec_control(codec, control, value);  \
    }
    /* Text does not come this way: tuned for screens it would take a fifth more time and be 1 dB
     * worse. */
    SET(VP8E_SET_CPUUSED, 9)
    SET(VP9E_SET_TUNE_CONTENT, VP9E_CONTENT_DEFAULT)
    /* Refines what stands still, which is sent exactly instead. */
    SET(VP9E_SET_AQ_MODE, 0)
    SET(VP8E_SET_STATIC_THRESHOLD, 1)
    SET(VP9E_SET_ROW_MT, 1)
    SET(VP9E_SET_TILE_COLUMNS, tile_columns)
    SET(VP9E_SET_FRAME_PARALLEL_DECODING, 0)
    SET(VP8E_SET_MAX_INTRA_BITRATE_PCT, 900)
    /* Without this a scene change gets the worst quantizer, and a scrolled page needs seconds to
     * recover from it. `floor` keeps such pictures small instead. */
    SET(VP9E_SET_DISABLE_OVERSHOOT_MAXQ_CBR, 1)
    SET(VP9E_SET_COLOR_SPACE, VPX_CS_BT_709)
    SET(VP9E_SET_COLOR_RANGE, VPX_CR_STUDIO_RANGE)
#undef SET
    return error;
}

static void vp9_close(void *door) {
    struct vp9 *self = door;
    if (self != NULL) {
        vpx_codec_destroy(&self->codec);
        free(self);
    }
}

static void *vp9_open(const struct deskhand_shape *shape) {
    struct vp9 *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    vpx_codec_iface_t *vp9 = vpx_codec_vp9_cx();
    vpx_codec_enc_cfg_t *config = &self->config;
    if (vpx_codec_enc_config_default(vp9, config, 0) != VPX_CODEC_OK) {
        free(self);
        return NULL;
    }
    config->g_w = shape->width;
    config->g_h = shape->height;
    config->g_threads = shape->threads;
    config->g_timebase.num = 1;
    config->g_timebase.den = 90000;
    config->g_lag_in_frames = 0;
    config->g_error_resilient = 0;
    config->g_pass = VPX_RC_ONE_PASS;
    config->rc_end_usage = VPX_CBR;
    config->rc_target_bitrate = shape->kbit;
    config->rc_min_quantizer = MIN_QUANTIZER;
    config->rc_max_quantizer = MAX_QUANTIZER;
    config->rc_undershoot_pct = 50;
    config->rc_overshoot_pct = 50;
    config->rc_buf_initial_sz = 600;
    config->rc_buf_optimal_sz = 600;
    config->rc_buf_sz = 1000;
    config->rc_dropframe_thresh = 0;
    config->rc_resize_allowed = 0;
    config->kf_mode = VPX_KF_DISABLED;
    if (vpx_codec_enc_init(&self->codec, vp9, config, 0) != VPX_CODEC_OK) {
        free(self);
        return NULL;
    }
    /* The planes are set for each picture. */
    static uint8_t nothing[1];
    if (tune(&self->codec, shape->width) != VPX_CODEC_OK ||
        vpx_img_wrap(&self->image, VPX_IMG_FMT_I420, shape->width, shape->height, 1,
                     nothing) == NULL) {
        vp9_close(self);
        return NULL;
    }
    self->image.cs = VPX_CS_BT_709;
    self->image.range = VPX_CR_STUDIO_RANGE;
    self->image.stride[VPX_PLANE_Y] = (int)shape->width;
    self->image.stride[VPX_PLANE_U] = (int)shape->width / 2;
    self->image.stride[VPX_PLANE_V] = (int)shape->width / 2;
    return self;
}

/* Follows this bitrate with no quantizer below this one. */
static vpx_codec_err_t configure(struct vp9 *self, uint32_t kbit, uint32_t floor) {
    vpx_codec_enc_cfg_t *config = &self->config;
    if (config->rc_target_bitrate == kbit && config->rc_min_quantizer == floor) {
        return VPX_CODEC_OK;
    }
    config->rc_target_bitrate = kbit;
    config->rc_min_quantizer = floor;
    return vpx_codec_enc_config_set(&self->codec, config);
}

static int32_t vp9_encode(void *door, const struct deskhand_picture *picture,
                          struct deskhand_packet *packet) {
    struct vp9 *self = door;
    packet->data = NULL;
    packet->size = 0;
    packet->key = 0;
    vpx_codec_err_t error = configure(self, picture->kbit, deskhand_floor(picture));
    if (error != VPX_CODEC_OK) {
        return error;
    }
    vpx_active_map_t map = {
        .active_map = (uint8_t *)picture->map, /* only read */
        .rows = picture->rows,
        .cols = picture->columns,
    };
    error = vpx_codec_control(&self->codec, VP8E_SET_ACTIVEMAP, &map);
    if (error != VPX_CODEC_OK) {
        return error;
    }
    /* Only read as well. */
    self->image.planes[VPX_PLANE_Y] = (uint8_t *)picture->y;
    self->image.planes[VPX_PLANE_U] = (uint8_t *)picture->u;
    self->image.planes[VPX_PLANE_V] = (uint8_t *)picture->v;
    error = vpx_codec_encode(&self->codec, &self->image, picture->pts, picture->duration,
                             picture->key ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME);
    if (error != VPX_CODEC_OK) {
        return error;
    }
    vpx_codec_iter_t iterator = NULL;
    const vpx_codec_cx_pkt_t *out;
    while ((out = vpx_codec_get_cx_data(&self->codec, &iterator)) != NULL) {
        if (out->kind == VPX_CODEC_CX_FRAME_PKT) {
            packet->data = out->data.frame.buf;
            packet->size = out->data.frame.sz;
            packet->key = (out->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
            break; /* one layer and no lag: there is only one */
        }
    }
    return error;
}

static const char *vp9_error(int32_t number) {
    return vpx_codec_err_to_string((vpx_codec_err_t)number);
}

const struct deskhand_door deskhand_vp9 = {
    .open = vp9_open,
    .encode = vp9_encode,
    .close = vp9_close,
    .error = vp9_error,
};
