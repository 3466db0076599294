/* A narrow door to libvpx's VP9 encoder, so that Rust need not know its structures. */
#ifndef DESKHAND_VP9_H
#define DESKHAND_VP9_H

#include <stddef.h>
#include <stdint.h>

struct deskhand_vp9;

struct deskhand_vp9_picture {
    const uint8_t *y, *u, *v; /* strides are width and width / 2 */
    const uint8_t *map;       /* one byte per 16 x 16 block, or NULL for all */
    uint32_t columns, rows;   /* of map */
    int64_t pts;              /* 1/90000 s, rising */
    uint32_t duration;        /* 1/90000 s */
    int32_t quantizer;        /* 0 to 63, or -1 to follow the bitrate */
    int32_t floor;            /* while following it: no quantizer below this one, 0 to 63 */
    int32_t key;              /* force a key frame */
};

struct deskhand_vp9_packet {
    const uint8_t *data; /* valid until the next call */
    size_t size;         /* 0: nothing came out */
    int32_t key;
    int32_t quantizer; /* that was used, 0 to 63 */
};

/* All return NULL or the number of an error (vpx_codec_err_t), 0 for none. */
struct deskhand_vp9 *deskhand_vp9_open(uint32_t width, uint32_t height, uint32_t kbit,
                                       uint32_t threads);
int32_t deskhand_vp9_encode(struct deskhand_vp9 *self, const struct deskhand_vp9_picture *picture,
                            struct deskhand_vp9_packet *packet);
int32_t deskhand_vp9_set_bitrate(struct deskhand_vp9 *self, uint32_t kbit);
void deskhand_vp9_close(struct deskhand_vp9 *self);

/* What an error number means; never NULL, lives for ever. */
const char *deskhand_vp9_error(int32_t number);

#endif
