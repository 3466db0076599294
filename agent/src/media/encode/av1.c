#include "door.h"

#include <stdlib.h>

#include <aom/aom_encoder.h>
#include <aom/aomcx.h>

struct av1 {
    aom_codec_ctx_t codec;
    aom_codec_enc_cfg_t config;
    aom_image_t image;
};

static aom_codec_err_t tune(aom_codec_ctx_t *codec, uint32_t width) {
    /* Two tile columns for two threads, where they are not too narrow to predict well. */
    unsigned tile_columns = width >= 512;
    aom_codec_err_t error = AOM_CODEC_OK;
#define SET(control, value)                               \
    if (error == AOM_CODEC_OK) {                          \
        error = aom_codec_control(codec, control, value); \
    }
    /* The fastest; it leaves out by itself most of what takes time. Screen content would cost a
     * quarter more bits here: text does not come this way. */
    SET(AOME_SET_CPUUSED, 10)
    SET(AV1E_SET_TUNE_CONTENT, AOM_CONTENT_DEFAULT)
    SET(AV1E_SET_ENABLE_WARPED_MOTION, 0)
    /* Refines what stands still, which is sent exactly instead. */
    SET(AV1E_SET_AQ_MODE, 0)
    /* Costs of symbols are those of the key frame: a sixth less time, a few per cent more bits. */
    SET(AV1E_SET_COEFF_COST_UPD_FREQ, 3)
    SET(AV1E_SET_MODE_COST_UPD_FREQ, 3)
    SET(AV1E_SET_MV_COST_UPD_FREQ, 3)
    SET(AV1E_SET_ROW_MT, 1)
    SET(AV1E_SET_TILE_COLUMNS, tile_columns)
    SET(AOME_SET_MAX_INTRA_BITRATE_PCT, 900)
    SET(AV1E_SET_COLOR_PRIMARIES, AOM_CICP_CP_BT_709)
    SET(AV1E_SET_TRANSFER_CHARACTERISTICS, AOM_CICP_TC_BT_709)
    SET(AV1E_SET_MATRIX_COEFFICIENTS, AOM_CICP_MC_BT_709)
    SET(AV1E_SET_COLOR_RANGE, AOM_CR_STUDIO_RANGE)
#undef SET
    return error;
}

static void av1_close(void *door) {
    struct av1 *self = door;
    if (self != NULL) {
        aom_codec_destroy(&self->codec);
        free(self);
    }
}

static void *av1_open(const struct deskhand_shape *shape) {
    struct av1 *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    aom_codec_iface_t *av1 = aom_codec_av1_cx();
    aom_codec_enc_cfg_t *config = &self->config;
    if (aom_codec_enc_config_default(av1, config, AOM_USAGE_REALTIME) != AOM_CODEC_OK) {
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
    config->g_pass = AOM_RC_ONE_PASS;
    config->rc_end_usage = AOM_CBR;
    config->rc_target_bitrate = shape->kbit;
    config->rc_min_quantizer = MIN_QUANTIZER;
    config->rc_max_quantizer = MAX_QUANTIZER;
    config->rc_undershoot_pct = 50;
    config->rc_overshoot_pct = 50;
    config->rc_buf_initial_sz = 600;
    config->rc_buf_optimal_sz = 600;
    config->rc_buf_sz = 1000;
    config->rc_dropframe_thresh = 0;
    config->rc_resize_mode = 0;
    config->kf_mode = AOM_KF_DISABLED;
    if (aom_codec_enc_init(&self->codec, av1, config, 0) != AOM_CODEC_OK) {
        free(self);
        return NULL;
    }
    /* The planes are set for each picture. */
    static uint8_t nothing[1];
    if (tune(&self->codec, shape->width) != AOM_CODEC_OK ||
        aom_img_wrap(&self->image, AOM_IMG_FMT_I420, shape->width, shape->height, 1,
                     nothing) == NULL) {
        av1_close(self);
        return NULL;
    }
    self->image.cp = AOM_CICP_CP_BT_709;
    self->image.tc = AOM_CICP_TC_BT_709;
    self->image.mc = AOM_CICP_MC_BT_709;
    self->image.range = AOM_CR_STUDIO_RANGE;
    self->image.stride[AOM_PLANE_Y] = (int)shape->width;
    self->image.stride[AOM_PLANE_U] = (int)shape->width / 2;
    self->image.stride[AOM_PLANE_V] = (int)shape->width / 2;
    return self;
}

/* Follows this bitrate with no quantizer below this one. */
static aom_codec_err_t configure(struct av1 *self, uint32_t kbit, uint32_t floor) {
    aom_codec_enc_cfg_t *config = &self->config;
    if (config->rc_target_bitrate == kbit && config->rc_min_quantizer == floor) {
        return AOM_CODEC_OK;
    }
    config->rc_target_bitrate = kbit;
    config->rc_min_quantizer = floor;
    return aom_codec_enc_config_set(&self->codec, config);
}

static int32_t av1_encode(void *door, const struct deskhand_picture *picture,
                          struct deskhand_packet *packet) {
    struct av1 *self = door;
    packet->data = NULL;
    packet->size = 0;
    packet->key = 0;
    aom_codec_err_t error = configure(self, picture->kbit, deskhand_floor(picture));
    if (error != AOM_CODEC_OK) {
        return error;
    }
    aom_active_map_t map = {
        .active_map = (uint8_t *)picture->map, /* only read */
        .rows = picture->rows,
        .cols = picture->columns,
    };
    error = aom_codec_control(&self->codec, AOME_SET_ACTIVEMAP, &map);
    if (error != AOM_CODEC_OK) {
        return error;
    }
    /* Only read as well. */
    self->image.planes[AOM_PLANE_Y] = (uint8_t *)picture->y;
    self->image.planes[AOM_PLANE_U] = (uint8_t *)picture->u;
    self->image.planes[AOM_PLANE_V] = (uint8_t *)picture->v;
    error = aom_codec_encode(&self->codec, &self->image, picture->pts, picture->duration,
                             picture->key ? AOM_EFLAG_FORCE_KF : 0);
    if (error != AOM_CODEC_OK) {
        return error;
    }
    aom_codec_iter_t iterator = NULL;
    const aom_codec_cx_pkt_t *out;
    while ((out = aom_codec_get_cx_data(&self->codec, &iterator)) != NULL) {
        if (out->kind == AOM_CODEC_CX_FRAME_PKT) {
            packet->data = out->data.frame.buf;
            packet->size = out->data.frame.sz;
            packet->key = (out->data.frame.flags & AOM_FRAME_IS_KEY) != 0;
            break; /* one layer and no lag: there is only one */
        }
    }
    return error;
}

static const char *av1_error(int32_t number) {
    return aom_codec_err_to_string((aom_codec_err_t)number);
}

const struct deskhand_door deskhand_av1 = {
    .open = av1_open,
    .encode = av1_encode,
    .close = av1_close,
    .error = av1_error,
};
