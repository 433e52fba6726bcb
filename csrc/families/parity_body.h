/* One draw: elimination, columns of the unknowns left, histogram; included once for each instruction set. */

typedef uint64_t ISA(block) __attribute__((vector_size(64), aligned(8), may_alias));

/* to = from, plus the listed columns where `chosen` is 1, over eight words from `word` on; without branches. */
#define SUM(from, count, column, chosen, to)                            \
    do {                                                                \
        ISA(block) sum = *(const ISA(block) *)(from);                   \
        for (int64_t i = 0; i < (count); i++)                           \
            sum ^= *(const ISA(block) *)(column) & -(uint64_t)(chosen); \
        *(ISA(block) *)(to) = sum;                                      \
    } while (0)

/* Reduced echelon form of up to `want` independent random rows; returns how many. */
ISA_TARGET static int64_t ISA(eliminate)(const fwc_parity *p, scratch *s, int64_t m, int64_t want, uint64_t *random)
{
    const int64_t n = p->n_literals;
    int64_t rank = 0;
    for (int64_t tries = 0; rank < want && tries < 2 * want + 64; tries++) {
        const int64_t r = (int64_t)((next_random(random) >> 32) * (uint64_t)p->n_rows >> 32);
        memset(s->row, 0, (size_t)m * sizeof *s->row);
        memcpy(s->row, p->keys + r * p->key_words, (size_t)p->key_words * sizeof *s->row);
        s->row[n >> 6] |= (uint64_t)1 << (n & 63);
        s->row[(n + 1) >> 6] |= (p->label[r >> 6] >> (r & 63) & 1) << ((n + 1) & 63);
        for (int64_t b = 0; b < m; b += 8) /* a pivot has 0 in the columns of the others */
            SUM(s->row + b, rank, s->pivot + i * m + b, bit(s->row, s->column[i]), s->reduced + b);
        const int64_t c = first_bit(s->reduced, n);
        if (c < 0)
            continue;
        for (int64_t i = 0; i < rank; i++)
            for (int64_t b = 0, keep = -(int64_t)bit(s->pivot + i * m, c); b < m; b += 8)
                *(ISA(block) *)(s->pivot + i * m + b) ^= *(const ISA(block) *)(s->reduced + b) & (uint64_t)keep;
        memcpy(s->pivot + rank * m, s->reduced, (size_t)m * sizeof *s->row);
        s->column[rank++] = c;
    }
    return rank;
}

/* The unknowns left as columns, once the pivots' literals are expressed by them; returns how many literals. */
ISA_TARGET static int ISA(reduce)(const fwc_parity *p, scratch *s, int64_t m, int64_t rank)
{
    const int64_t n = p->n_literals, W = p->n_words;
    const int last = p->bits - 1;
    memset(s->taken, 0, (size_t)n);
    for (int64_t i = 0; i < rank; i++)
        s->taken[s->column[i]] = 1;
    int n_left = 0; /* the first literals that no pivot determines; further ones may as well be 0 */
    for (int64_t i = 0; i < n && n_left < last; i++)
        if (!s->taken[i])
            s->left[n_left++] = i;
    for (int j = 0; j <= p->bits; j++) { /* literals, then nothing, the constant, the label */
        uint64_t *to = s->free_ + j * W;
        if (j < n_left)
            memcpy(to, p->words + s->left[j] * W, (size_t)W * sizeof *to);
        else
            memset(to, j == last ? 255 : 0, (size_t)W * sizeof *to);
        if (j == p->bits)
            memcpy(to, p->label, (size_t)W * sizeof *to);
        if (j >= n_left && j < last)
            continue;
        const int64_t place = j < n_left ? s->left[j] : n + j - last;
        for (int64_t w = 0; w < W; w += 8)
            SUM(to + w, rank, p->words + s->column[i] * W + w, bit(s->pivot + i * m, place), to + w);
    }
    return n_left;
}

/* h[key] = rows of label 0 less those of label 1 among the rows of this key. */
ISA_TARGET static void ISA(histogram)(const fwc_parity *p, const uint64_t *columns, int16_t *h)
{
    const int64_t W = p->n_words;
    const unsigned all = (1u << p->bits) - 1;
    memset(h, 0, ((size_t)1 << p->bits) * sizeof *h);
    for (int64_t w = 0; w < W; w++) {
        const int64_t rows = p->n_rows - 64 * w < 64 ? p->n_rows - 64 * w : 64;
        uint16_t key[64] = {0};
        for (int j = 0; j <= p->bits; j++)
            for (int q = 0; q < 4; q++) {
                const uint16_t part = (uint16_t)(columns[j * W + w] >> 16 * q);
                for (int r = 0; r < 16; r++)
                    key[16 * q + r] |= (uint16_t)(((part & (uint16_t)(1u << r)) != 0) << j);
            }
        for (int64_t r = 0; r < rows; r++)
            h[key[r] & all] += (int16_t)(key[r] >> p->bits ? -1 : 1);
    }
}

/* The first entry of largest size. */
ISA_TARGET static int64_t ISA(largest)(const int16_t *h, int64_t size)
{
    int16_t most = 0;
    int64_t best = 0;
    for (int64_t i = 0; i < size; i++) {
        const int16_t x = (int16_t)(h[i] < 0 ? -h[i] : h[i]);
        most = x > most ? x : most;
    }
    while (h[best] != most && h[best] != -most)
        best++;
    return best;
}

#undef SUM
