// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Reports;

/// <summary>A volume of a filesystem.</summary>
/// <param name="Id">Its number, 0 to 63.</param>
/// <param name="Path">The device as the user gave it, a string of <see cref="Linux.Text.ByteText"/>.</param>
/// <param name="StartBytes">Where its address range begins, in bytes.</param>
/// <param name="LengthBytes">Its length in bytes.</param>
public sealed record VolumeDescription(int Id, string Path, ulong StartBytes, ulong LengthBytes);
