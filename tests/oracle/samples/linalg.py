"""Samples for the ops of tfmagic/ops/linalg."""

import numpy as np
from oracle.samples.values import N, S, Values, f32, i32, i64, row, rows

MATRIX = [row(input=S(2, 2)), row(input=S(2, 3, 3))]

SAMPLES = {
    "MatMul": [
        row(a=N(2, 3), b=N(3, 4)),
        row(a=N(3, 2), b=N(3, 4), transpose_a=True),
        row(a=N(2, 3), b=N(4, 3), transpose_b=True),
        row(a=N(3, 2), b=N(4, 3), transpose_a=True, transpose_b=True),
        row(a=N(0, 3), b=N(3, 2)),
        row(a=N(2, 0), b=N(0, 2)),
    ],
    "BatchMatMul": [
        row(x=N(2, 2, 3), y=N(2, 3, 1)),
        row(x=N(2, 3, 2), y=N(2, 3, 1), adj_x=True),
        row(x=N(2, 2, 3), y=N(2, 1, 3), adj_y=True),
    ],
    "BatchMatMulV2": [
        row(x=N(2, 2, 3), y=N(2, 3, 1)),
        row(x=N(2, 3, 2), y=N(2, 3), adj_x=True, adj_y=True),
        row(x=N(2, 1, 2, 3), y=N(3, 3, 1)),
        row(x=N(2, 3), y=N(3, 2)),
    ],
    "SparseMatMul": [
        row(a=f32([[0, 1], [2, 0]]), b=f32([[1, 2], [3, 4]])),
        row(a=f32([[0, 1], [2, 0]]), b=f32([[1, 2], [3, 4]]), transpose_a=True, transpose_b=True),
    ],
    "Cross": [row(a=N(2, 3), b=N(2, 3))],
    "FFT": rows(N(2, 4), N(3), name="input"),
    "IFFT": rows(N(2, 4), N(3), name="input"),
    "FFT2D": rows(N(2, 3, 4), name="input"),
    "IFFT2D": rows(N(2, 3, 4), name="input"),
    "FFT3D": rows(N(2, 3, 2), name="input"),
    "IFFT3D": rows(N(2, 3, 2), name="input"),
    "RFFT": [row(input=f32([[1, 2, 4, 3], [0, -1, 2, 5]]), fft_length=i32([4])),
             row(input=f32([1, 2, -1]), fft_length=i32([3]))],
    "RFFT2D": [row(input=f32([[1, 2, 4, 3], [0, -1, 2, 5]]), fft_length=i32([2, 4]))],
    "RFFT3D": [row(input=f32([[[1, 2, 4, 3], [0, -1, 2, 5]]]), fft_length=i32([1, 2, 4]))],
    "IRFFT": [row(input=np.array([1, 2 + 1j, -1], np.complex64), fft_length=i32([4])),
              row(input=np.array([1, 2 + 1j], np.complex64), fft_length=i32([3]))],
    "IRFFT2D": [row(input=np.array([[1, 2 + 1j, -1]], np.complex64), fft_length=i32([1, 4]))],
    "IRFFT3D": [row(input=np.array([[[1, 2 + 1j, -1]]], np.complex64), fft_length=i32([1, 1, 4]))],
    "Diag": rows(N(3), N(2, 2), name="diagonal"),
    "DiagPart": rows(N(3, 3), N(2, 1, 2, 1), name="input"),
    "MatrixDiag": rows(N(3), N(2, 2), name="diagonal"),
    "MatrixDiagPart": rows(N(3, 3), N(2, 2, 3), name="input"),
    "MatrixSetDiag": [row(input=N(3, 3), diagonal=N(3)), row(input=N(2, 2, 3), diagonal=N(2, 2))],
    "MatrixBandPart": [
        row(input=N(3, 4), num_lower=i64(0), num_upper=i64(-1)),
        row(input=N(3, 3), num_lower=i64(1), num_upper=i64(0)),
    ],
    "MatrixDiagV2": [
        row(diagonal=N(2, 3), k=i32(0), num_rows=i32(-1), num_cols=i32(-1), padding_value=N()),
        row(diagonal=N(3), k=i32(1), num_rows=i32(-1), num_cols=i32(-1), padding_value=N()),
    ],
    "MatrixDiagPartV2": [
        row(input=N(3, 4), k=i32(0), padding_value=N()),
        row(input=N(3, 4), k=i32([-1, 1]), padding_value=N()),
    ],
    "MatrixSetDiagV2": [
        row(input=N(3, 4), diagonal=N(3), k=i32(0)),
        row(input=N(3, 4), diagonal=N(3), k=i32(1)),
    ],
    "Einsum": [
        row(inputs=[N(2, 3), N(3, 4)], equation="ij,jk->ik"),
        row(inputs=[N(2, 3), N(2, 3)], equation="ij,ij->"),
    ],
    "Lu": [row(input=S(3, 3))],
    "MatrixLogarithm": [row(input=S(2, 2))],
    "MatrixSquareRoot": [row(input=S(2, 2))],
    "MatrixSolveLs": [row(matrix=N(3, 2), rhs=N(3, 1), l2_regularizer=np.float64(0.1))],
    "TridiagonalSolve": [row(diagonals=Values((3, 4), 1, 3), rhs=N(4, 1))],
    "TridiagonalMatMul": [row(superdiag=N(1, 4), maindiag=N(1, 4), subdiag=N(1, 4), rhs=N(4, 2))],
    "MatrixInverse": MATRIX + [row(input=S(2, 2), adjoint=True)],
    "MatrixDeterminant": MATRIX,
    "Cholesky": MATRIX,
    "LogMatrixDeterminant": MATRIX,
    "MatrixSolve": [row(matrix=S(2, 2), rhs=N(2, 1)), row(matrix=S(2, 3, 3), rhs=N(2, 3, 2), adjoint=True)],
    "MatrixTriangularSolve": [
        row(matrix=S(2, 2), rhs=N(2, 1)),
        row(matrix=S(3, 3), rhs=N(3, 2), lower=False),
    ],
    "CholeskyGrad": [row(l=f32([[2, 0], [1, 2]]), grad=f32([[1, 0], [1, 1]]))],
    "SelfAdjointEigV2": [row(input=S(3, 3), compute_v=False)],
    "Svd": [row(input=N(3, 2), compute_uv=False)],
}
