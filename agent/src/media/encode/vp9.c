#include "vp9.h"

#include <stdlib.h>

#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

/* The range of quantizers (0 to 63) within which the bitrate is followed: below 4 nothing is
 * gained that is seen, above 52 text cannot be read. */
enum { MIN_QUANTIZER = 4, MAX_QUANTIZER = 52 };

/* While a quantizer is given, the rate control is told of a bitrate that no picture exceeds.
 * It then has no debt to recover from afterwards: libvpx starts its account afresh when the
 * bitrate changes by more than half. */
enum { REFINING_KBIT = 200000 };

struct deskhand_vp9 {
    vpx_codec_ctx_t codec;
    vpx_codec_enc_cfg_t config;
    vpx_image_t image;
    uint32_t kbit;
    int32_t quantizer;
    int32_t floor;
};

static vpx_codec_err_t tune(vpx_codec_ctx_t *codec, uint32_t width) {
    /* Two tile columns for two threads, where libvpx's minimum of 256 pixels allows. */
    int tile_columns = width >= 512;
    vpx_codec_err_t error = VPX_CODEC_OK;
#define SET(control, value)                                \
    if (error == VPX_CODEC_OK) {                           \
        error = vpx_codec_control(codec, control, value);  \
    }
    SET(VP8E_SET_CPUUSED, 8)
    SET(VP9E_SET_TUNE_CONTENT, VP9E_CONTENT_SCREEN)
    SET(VP9E_SET_AQ_MODE, 3)
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

struct deskhand_vp9 *deskhand_vp9_open(uint32_t width, uint32_t height, uint32_t kbit,
                                       uint32_t threads) {
    struct deskhand_vp9 *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    vpx_codec_iface_t *vp9 = vpx_codec_vp9_cx();
    vpx_codec_enc_cfg_t *config = &self->config;
    if (vpx_codec_enc_config_default(vp9, config, 0) != VPX_CODEC_OK) {
        free(self);
        return NULL;
    }
    config->g_w = width;
    config->g_h = height;
    config->g_threads = threads;
    config->g_timebase.num = 1;
    config->g_timebase.den = 90000;
    config->g_lag_in_frames = 0;
    config->g_error_resilient = 0;
    config->g_pass = VPX_RC_ONE_PASS;
    config->rc_end_usage = VPX_CBR;
    config->rc_target_bitrate = kbit;
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
    self->kbit = kbit;
    self->quantizer = -1;
    self->floor = MIN_QUANTIZER;
    if (vpx_codec_enc_init(&self->codec, vp9, config, 0) != VPX_CODEC_OK) {
        free(self);
        return NULL;
    }
    /* The planes are set for each picture. */
    static uint8_t nothing[1];
    if (tune(&self->codec, width) != VPX_CODEC_OK ||
        vpx_img_wrap(&self->image, VPX_IMG_FMT_I420, width, height, 1, nothing) == NULL) {
        deskhand_vp9_close(self);
        return NULL;
    }
    self->image.cs = VPX_CS_BT_709;
    self->image.range = VPX_CR_STUDIO_RANGE;
    self->image.stride[VPX_PLANE_Y] = (int)width;
    self->image.stride[VPX_PLANE_U] = (int)width / 2;
    self->image.stride[VPX_PLANE_V] = (int)width / 2;
    return self;
}

static vpx_codec_err_t configure(struct deskhand_vp9 *self) {
    int given = self->quantizer >= 0;
    self->config.rc_target_bitrate = given ? REFINING_KBIT : self->kbit;
    self->config.rc_min_quantizer = (unsigned)(given ? self->quantizer : self->floor);
    self->config.rc_max_quantizer = given ? (unsigned)self->quantizer : MAX_QUANTIZER;
    return vpx_codec_enc_config_set(&self->codec, &self->config);
}

int32_t deskhand_vp9_set_bitrate(struct deskhand_vp9 *self, uint32_t kbit) {
    self->kbit = kbit;
    return configure(self);
}

int32_t deskhand_vp9_encode(struct deskhand_vp9 *self, const struct deskhand_vp9_picture *picture,
                            struct deskhand_vp9_packet *packet) {
    packet->data = NULL;
    packet->size = 0;
    packet->key = 0;
    packet->quantizer = MAX_QUANTIZER;
    vpx_codec_err_t error = VPX_CODEC_OK;
    int32_t floor = picture->floor < MIN_QUANTIZER   ? MIN_QUANTIZER
                    : picture->floor > MAX_QUANTIZER ? MAX_QUANTIZER
                                                     : picture->floor;
    if (picture->quantizer != self->quantizer || floor != self->floor) {
        self->quantizer = picture->quantizer;
        self->floor = floor;
        error = configure(self);
        if (error != VPX_CODEC_OK) {
            return error;
        }
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
            int quantizer = MAX_QUANTIZER;
            error = vpx_codec_control(&self->codec, VP8E_GET_LAST_QUANTIZER_64, &quantizer);
            packet->quantizer = quantizer;
            break; /* one layer and no lag: there is only one */
        }
    }
    return error;
}

void deskhand_vp9_close(struct deskhand_vp9 *self) {
    if (self != NULL) {
        vpx_codec_destroy(&self->codec);
        free(self);
    }
}

const char *deskhand_vp9_error(int32_t number) {
    return vpx_codec_err_to_string((vpx_codec_err_t)number);
}
