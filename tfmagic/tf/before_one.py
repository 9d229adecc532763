"""Names that TensorFlow had before its version 1.0: those of the same function under a new name are accepted."""

from __future__ import annotations

# The name -> that of the same function, with the same arguments in the same places, since.
ACCEPTED = {
    "audio_summary": "summary.audio", "batch_cholesky": "cholesky", "batch_cholesky_solve": "cholesky_solve",
    "batch_fft": "fft", "batch_fft2d": "fft2d", "batch_fft3d": "fft3d", "batch_ifft": "ifft", "batch_ifft2d": "ifft2d",
    "batch_ifft3d": "ifft3d", "batch_matmul": "matmul", "batch_matrix_band_part": "matrix_band_part",
    "batch_matrix_determinant": "matrix_determinant", "batch_matrix_diag": "matrix_diag",
    "batch_matrix_diag_part": "matrix_diag_part", "batch_matrix_inverse": "matrix_inverse",
    "batch_matrix_set_diag": "matrix_set_diag", "batch_matrix_solve": "matrix_solve",
    "batch_matrix_solve_ls": "matrix_solve_ls", "batch_matrix_transpose": "matrix_transpose",
    "batch_matrix_triangular_solve": "matrix_triangular_solve", "batch_self_adjoint_eig": "self_adjoint_eig",
    "batch_self_adjoint_eigvals": "self_adjoint_eigvals", "batch_svd": "svd", "complex_abs": "abs",
    "concat_v2": "concat", "histogram_summary": "summary.histogram", "image_summary": "summary.image",
    "image.per_image_whitening": "image.per_image_standardization", "inv": "reciprocal", "listdiff": "setdiff1d",
    "merge_all_summaries": "summary.merge_all", "merge_summary": "summary.merge", "mul": "multiply", "neg": "negative",
    "nn.bidirectional_rnn": "nn.static_bidirectional_rnn", "nn.deconv2d": "nn.conv2d_transpose",
    "nn.rnn": "nn.static_rnn", "nn.state_saving_rnn": "nn.static_state_saving_rnn", "pack": "stack",
    "scalar_summary": "summary.scalar", "select": "where", "split_v": "split", "sub": "subtract",
    "train.SummaryWriter": "summary.FileWriter", "unpack": "unstack",
}

# The name -> what to write instead, where the arguments differ or the module went.
_GONE = {
    "RegisterShape": "An op that you add to PyTorch brings its shapes: nothing needs to be registered.",
    "mean": "TensorFlow has tf.reduce_mean.",
    "models": "tf.nn.rnn_cell has the cells of tf.models.rnn.rnn_cell, tf.nn.static_rnn is its rnn, and "
              "tf.contrib.legacy_seq2seq its seq2seq.",
    "nn.seq2seq": "tf.contrib.legacy_seq2seq has its functions.",
    "sum": "TensorFlow has tf.reduce_sum.",
}


def advice(name: str) -> str:
    """What to write instead of a name that only TensorFlow before 1.0 had, or ""."""
    if name in ACCEPTED:
        return f"TensorFlow calls it tf.{ACCEPTED[name]} since version 1.0."
    return _GONE.get(name, "")
