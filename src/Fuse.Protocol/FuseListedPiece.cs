// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>A piece of a listing that was sent; the default when a directory was opened and nothing sent
/// yet.</summary>
/// <param name="Position">Where it begins; 0 is the start of the directory.</param>
/// <param name="NextPosition">Where the next one does.</param>
/// <param name="IsFull">True when there was no room for more: another piece follows.</param>
public readonly record struct FuseListedPiece(ulong Position, ulong NextPosition, bool IsFull);
