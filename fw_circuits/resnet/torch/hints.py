"""What to do about a node of a module that cannot be read: a sentence that fits its kind."""

from __future__ import annotations

#: The words that a name begins with (those of up to three letters: that it is), and what to do.
HINTS: dict[str, str] = {
    "batchnorm": "Expected a BatchNorm1d with running statistics, which is affine in evaluation.",
    "layernorm layer_norm groupnorm group_norm rmsnorm rms_norm instancenorm instance_norm normalize var std norm": (
        "It divides by what depends on the row, which no ReLU network does exactly; train with BatchNorm1d, which is "
        "affine in evaluation, or without normalisation."
    ),
    "gelu silu swish mish elu selu celu softplus sigmoid tanh softmax log exp sin cos sqrt pow square softsign "
    "hardswish logsigmoid logsumexp erf reciprocal": (
        "It is not piecewise linear, so no ReLU network equals it; train with ReLU, LeakyReLU, Hardtanh or "
        "Hardsigmoid in its place, or take a final sigmoid or softmax off the module."
    ),
    "mul div true_divide matmul mm bmm bilinear": (
        "A product of values is not piecewise linear; one operand must be constant."
    ),
    "conv unfold": "A convolution is a linear map: write it as a Linear layer on the flattened columns.",
    "dropout": "Pass training=self.training to it, so that it does nothing in evaluation.",
    "rows": "Operations must keep the rows apart, on the first axis; reduce, slice and join along dim=1.",
    "shape": (
        "Check the sizes; pass n_features if the module reads another number of columns than was assumed; export a "
        "program with a dynamic number of rows."
    ),
    "finite": "Expected finite constants, other than 0 in a divisor.",
    "where gt lt ge le sign heaviside threshold softshrink hardshrink round floor ceil": (
        "Expected relu, leaky_relu, clamp, abs, maximum or minimum in its place."
    ),
    "maxpool max_pool adaptive amax amin argmax topk sort median": (
        "Expected torch.maximum of the columns in its place."
    ),
    "to type float half bfloat16": ("Expected a module that computes in the type of its input: leave conversions out."),
}
KNOWN = (
    "Expected Linear, BatchNorm1d, Dropout, Identity, Flatten; relu, leaky_relu, prelu, hardtanh, clamp, abs, maximum "
    "and minimum; sums, products with constants, cat, slices, reshapes, sums and means of columns."
)


def hint(name: str) -> str:
    """What to do about an operation or a layer of this name.

    Examples
    --------
    >>> hint("GELU").startswith("It is not piecewise linear")
    True
    """
    lower = name.lower()
    for words, sentence in HINTS.items():
        if any(lower.startswith(word) if len(word) > 3 else lower == word for word in words.split()):
            return sentence
    return KNOWN
