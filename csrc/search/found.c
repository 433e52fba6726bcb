/* The sorted list of the best functions that a search found. */
#include <math.h>
#include <string.h>

#include "search.h"

static int better(const fwc_found *x, const fwc_found *y)
{
    double a = fabs(x->value), b = fabs(y->value);
    if (a != b) return a > b;
    if (x->arity != y->arity) return x->arity < y->arity;
    for (int i = 0; i < x->arity; i++)
        if (x->lit[i] != y->lit[i]) return x->lit[i] < y->lit[i];
    return x->table < y->table;
}

int64_t fwc_insert(fwc_found *list, int64_t n, int64_t cap, const fwc_found *entry)
{
    int64_t low = 0, high = n;
    if (n == cap && !better(entry, &list[n - 1])) return n;
    while (low < high) { /* the first place that entry does not lose */
        int64_t mid = (low + high) / 2;
        if (better(&list[mid], entry)) low = mid + 1;
        else high = mid;
    }
    if (low < n && !better(entry, &list[low])) return n; /* it is there */
    if (n < cap) n++;
    memmove(&list[low + 1], &list[low], (size_t)(n - 1 - low) * sizeof *list);
    list[low] = *entry;
    return n;
}

void fwc_merge(fwc_search *s, const fwc_found *list, int64_t n)
{
#pragma omp critical(fwc_found_merge)
    {
        for (int64_t i = 0; i < n; i++) s->n_found = fwc_insert(s->found, s->n_found, s->k, &list[i]);
        const double worst = s->n_found == s->k ? fabs(s->found[s->k - 1].value) : 0;
        if (worst > s->threshold) {
#pragma omp atomic write
            s->threshold = worst;
        }
    }
}

void fwc_count(fwc_search *s, const int64_t *counts)
{
#pragma omp critical(fwc_found_count)
    for (int i = 0; i < 3; i++) s->counts[i] += counts[i];
}
