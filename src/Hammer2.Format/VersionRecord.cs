// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>The version of the format.</summary>
/// <remarks>Source: <c>struct hammer2_ioc_version</c>. The rest is reserved.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public struct VersionRecord
{
    /// <summary>1 or 2.</summary>
    [FieldOffset(0x00)] public int Version;
}
