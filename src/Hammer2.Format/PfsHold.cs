// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Format;

/// <summary>A hold on a PFS, which keeps it from being deleted.</summary>
/// <param name="Name">Its name, 1 to 63 bytes.</param>
/// <param name="Time">When it was placed, in seconds since 1970 UTC.</param>
public sealed record PfsHold(ReadOnlyMemory<byte> Name, uint Time);
