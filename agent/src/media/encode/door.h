/* A narrow door to video encoders, one per codec, so that Rust need not know their structures. */
#ifndef DESKHAND_DOOR_H
#define DESKHAND_DOOR_H

#include <stddef.h>
#include <stdint.h>

struct deskhand_shape {
    uint32_t width, height; /* of every picture, even */
    uint32_t kbit;          /* a second, to begin with */
    uint32_t threads;
};

struct deskhand_picture {
    const uint8_t *y, *u, *v; /* strides are width and width / 2 */
    const uint8_t *map;       /* one byte per 16 x 16 block, or NULL for all */
    uint32_t columns, rows;   /* of map */
    int64_t pts;              /* 1/90000 s, rising */
    uint32_t duration;        /* 1/90000 s */
    uint32_t kbit;            /* a second, from here on */
    int32_t floor;            /* no quantizer below this one, 0 to 63 */
    int32_t key;              /* force a key frame */
};

struct deskhand_packet {
    const uint8_t *data; /* valid until the next call */
    size_t size;         /* 0: nothing came out */
    int32_t key;
};

/* What there is for each codec. `open` gives NULL if it cannot; `encode` gives the
 * number of an error, 0 for none. */
struct deskhand_door {
    void *(*open)(const struct deskhand_shape *shape);
    int32_t (*encode)(void *self, const struct deskhand_picture *picture,
                      struct deskhand_packet *packet);
    void (*close)(void *self);
    /* What an error number means; never NULL, lives for ever. */
    const char *(*error)(int32_t number);
};

extern const struct deskhand_door deskhand_av1, deskhand_vp9;

/* For the encoders themselves: the range of quantizers (0 to 63) within which the bitrate is
 * followed. Finer than 16 nothing is gained that is seen while it moves, and what stands still is
 * sent exactly; coarser than 52 nothing can be recognised. */
enum { MIN_QUANTIZER = 16, MAX_QUANTIZER = 52 };

static inline uint32_t deskhand_floor(const struct deskhand_picture *picture) {
    return picture->floor < MIN_QUANTIZER   ? MIN_QUANTIZER
           : picture->floor > MAX_QUANTIZER ? MAX_QUANTIZER
                                            : (uint32_t)picture->floor;
}

#endif
