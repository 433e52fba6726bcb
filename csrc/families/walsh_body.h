/* Butterflies; included once for each instruction set (csrc/simd.h). */

/* One level between `width` neighbouring numbers of pairs of rows: rows i and i + stride, `rows` in all. */
ISA_TARGET static void ISA(level)(double *h, int64_t rows, int64_t stride, int64_t width)
{
    for (int64_t base = 0; base < rows; base += 2 * stride) {
        double *restrict low = h + base * width, *restrict high = low + stride * width;
        for (int64_t i = 0; i < stride * width; i++) {
            const double x = low[i], y = high[i];
            low[i] = x + y;
            high[i] = x - y;
        }
    }
}

/* All levels over `rows` rows of `width` numbers; strides 1 and 2 of single numbers are taken together. */
ISA_TARGET static void ISA(butterflies)(double *h, int64_t rows, int64_t width)
{
    int64_t stride = 1;
    if (width == 1 && rows >= 4) {
        for (double *q = h; q < h + rows; q += 4) {
            const double a = q[0] + q[1], b = q[0] - q[1], c = q[2] + q[3], d = q[2] - q[3];
            q[0] = a + c;
            q[1] = b + d;
            q[2] = a - c;
            q[3] = b - d;
        }
        stride = 4;
    }
    for (; stride < rows; stride *= 2)
        ISA(level)(h, rows, stride, width);
}

/* All levels over `size` integers of 16 bits; the three lowest at a time of eight of them. */
ISA_TARGET static void ISA(small)(int16_t *h, int64_t size)
{
    for (int64_t stride = 1; stride < size && stride < 16; stride *= 2)
        for (int64_t base = 0; base < size; base += 2 * stride)
            for (int64_t i = base; i < base + stride; i++) {
                const int16_t x = h[i], y = h[i + stride];
                h[i] = (int16_t)(x + y);
                h[i + stride] = (int16_t)(x - y);
            }
    for (int64_t stride = 16; stride < size; stride *= 2)
        for (int64_t base = 0; base < size; base += 2 * stride) {
            int16_t *restrict low = h + base, *restrict high = low + stride;
            for (int64_t i = 0; i < stride; i++) {
                const int16_t x = low[i], y = high[i];
                low[i] = (int16_t)(x + y);
                high[i] = (int16_t)(x - y);
            }
        }
}
