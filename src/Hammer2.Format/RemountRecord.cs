// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>Asks a mount of this driver to change its options, and has the answer.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1024)]
public struct RemountRecord
{
    /// <summary>Error number of the answer; 0 when it is done.</summary>
    [FieldOffset(0x00)] public int Error;

    /// <summary>Unused.</summary>
    [FieldOffset(0x04)] public uint Reserved04;

    /// <summary>Options separated by commas; in the answer, why they were refused.</summary>
    [FieldOffset(0x08)] public Text1016 Text;
}

/// <summary>1016 bytes of text, with a NUL after it.</summary>
[InlineArray(1016)]
public struct Text1016
{
    private byte _first;
}
