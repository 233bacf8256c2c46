// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>The volumes of a filesystem.</summary>
/// <remarks>Source: <c>struct hammer2_ioc_volume_list2</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 5896)]
public struct VolumeListRecord
{
    /// <summary>The volumes.</summary>
    [FieldOffset(0x0000)] public VolumeRecords Volumes;

    /// <summary>On entry the number of volumes wanted, on return that of volumes listed.</summary>
    [FieldOffset(0x1600)] public int VolumesTotal;

    /// <summary>Version of the format.</summary>
    [FieldOffset(0x1604)] public int Version;

    /// <summary>Label of the mounted PFS, with a NUL after it.</summary>
    [FieldOffset(0x1608)] public Text256 Label;
}

/// <summary>All volumes that a filesystem may have.</summary>
[InlineArray(64)]
public struct VolumeRecords
{
    private VolumeRecord _first;
}
