/* A set of fixed-width keys that numbers them in the order of first appearance, and the transposition of bit matrices. */
#include "lattice.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing; a slot is (high half of the hash) << 32 | (id + 1), 0 when free.  At most half of the slots are used. */
struct fwc_rowset {
    size_t key_words, size, key_room, n_slots;
    uint64_t *keys, *slots;
};

fwc_rowset *fwc_rowset_new(size_t key_words)
{
    fwc_rowset *set = malloc(sizeof *set);
    if (!set)
        return NULL;
    *set = (fwc_rowset){.key_words = key_words, .size = 0, .key_room = 512, .n_slots = 1024};
    set->keys = malloc(set->key_room * key_words * sizeof *set->keys);
    set->slots = calloc(set->n_slots, sizeof *set->slots);
    if (!set->keys || !set->slots) {
        fwc_rowset_free(set);
        return NULL;
    }
    return set;
}

void fwc_rowset_free(fwc_rowset *set)
{
    if (set) {
        free(set->keys);
        free(set->slots);
        free(set);
    }
}

size_t fwc_rowset_size(const fwc_rowset *set) { return set->size; }
const uint64_t *fwc_rowset_keys(const fwc_rowset *set) { return set->keys; }

static inline uint64_t hash(const uint64_t *key, size_t key_words)
{
    uint64_t h = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < key_words; i++) {
        h = (h ^ key[i]) * 0xBF58476D1CE4E5B9u;
        h ^= h >> 29;
    }
    h *= 0x94D049BB133111EBu;
    return h ^ h >> 32;
}

static int grow(fwc_rowset *set)
{
    size_t n_slots = 2 * set->n_slots;
    uint64_t *keys = realloc(set->keys, 2 * set->key_room * set->key_words * sizeof *keys);
    if (!keys)
        return -1;
    set->keys = keys;
    set->key_room *= 2;
    uint64_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return -1;
    for (size_t id = 0; id < set->size; id++) {
        uint64_t h = hash(keys + id * set->key_words, set->key_words);
        size_t at = h & (n_slots - 1);
        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = (h >> 32) << 32 | (id + 1);
    }
    free(set->slots);
    set->slots = slots;
    set->n_slots = n_slots;
    return 0;
}

/* ids[j] = number of keys[j] in the set, adding it when new.  Returns -1 when out of memory, -2 beyond 2^31 - 1 keys. */
int fwc_rowset_add(fwc_rowset *set, const uint64_t *keys, size_t m, int32_t *ids)
{
    size_t width = set->key_words;
    for (size_t j = 0; j < m; j++) {
        const uint64_t *key = keys + j * width;
        if (2 * set->size >= set->n_slots && grow(set))
            return -1;
        uint64_t h = hash(key, width), slot;
        size_t at = h & (set->n_slots - 1);
        while ((slot = set->slots[at]) != 0) {
            if (slot >> 32 == h >> 32 &&
                !memcmp(set->keys + ((slot & 0xFFFFFFFFu) - 1) * width, key, width * sizeof *key))
                break;
            at = (at + 1) & (set->n_slots - 1);
        }
        if (!slot) {
            if (set->size >= INT32_MAX)
                return -2;
            memcpy(set->keys + set->size * width, key, width * sizeof *key);
            slot = (h >> 32) << 32 | ++set->size;
            set->slots[at] = slot;
        }
        ids[j] = (int32_t)((slot & 0xFFFFFFFFu) - 1);
    }
    return 0;
}

/* Transpose a 64 x 64 bit matrix in place by swapping ever smaller off-diagonal blocks. */
static void transpose64(uint64_t a[64])
{
    uint64_t mask = 0x00000000FFFFFFFFu;
    for (int half = 32; half; half >>= 1, mask ^= mask << half)
        for (int r = 0; r < 64; r = ((r | half) + 1) & ~half) {
            uint64_t swap = (a[r] >> half ^ a[r | half]) & mask;
            a[r | half] ^= swap;
            a[r] ^= swap << half;
        }
}

/* words[c, r] = keys[r, c] as bits: m rows of n_literals bits in, n_literals columns of m bits (zero padded) out. */
void fwc_transpose_bits(const uint64_t *keys, size_t m, size_t key_words, size_t n_literals, uint64_t *words,
                        size_t n_words)
{
    uint64_t tile[64];
    for (size_t w = 0; w < n_words; w++) {
        size_t rows = m - 64 * w < 64 ? m - 64 * w : 64;
        for (size_t c = 0; c < key_words; c++) {
            size_t columns = n_literals - 64 * c < 64 ? n_literals - 64 * c : 64;
            for (size_t r = 0; r < 64; r++)
                tile[r] = r < rows ? keys[(64 * w + r) * key_words + c] : 0;
            transpose64(tile);
            for (size_t b = 0; b < columns; b++)
                words[(64 * c + b) * n_words + w] = tile[b];
        }
    }
}
