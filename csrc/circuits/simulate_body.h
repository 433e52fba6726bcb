/* One block of words through the netlist; included once for each instruction set (csrc/simd.h). */

#define EACH(expression)                   \
    for (int64_t w = 0; w < width; w++) {  \
        const uint64_t x = a[w], y = b[w]; \
        (void)x;                           \
        (void)y;                           \
        out[w] = (expression);             \
    }                                      \
    break

/* node[v] points at the `width` words of node v; gate outputs are written into their (distinct) blocks. */
ISA_TARGET static void ISA(gates_of_block)(const int32_t *gates, int64_t n_gates, int64_t first_gate,
                                           const uint64_t **node, uint64_t *scratch, int64_t block, int64_t width)
{
    for (int64_t g = 0; g < n_gates; g++) {
        const uint64_t *a = node[gates[3 * g + 1]], *b = node[gates[3 * g + 2]];
        uint64_t *restrict out = scratch + g * block;
        node[first_gate + g] = out;
        switch (gates[3 * g]) {
        case 0: EACH(0);
        case 1: EACH(~(x | y));
        case 2: EACH(x & ~y);
        case 3: EACH(~y);
        case 4: EACH(~x & y);
        case 5: EACH(~x);
        case 6: EACH(x ^ y);
        case 7: EACH(~(x & y));
        case 8: EACH(x & y);
        case 9: EACH(~(x ^ y));
        case 10: EACH(x);
        case 11: EACH(x | ~y);
        case 12: EACH(y);
        case 13: EACH(~x | y);
        case 14: EACH(x | y);
        default: EACH(~(uint64_t)0);
        }
    }
}

#undef EACH
