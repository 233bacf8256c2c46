// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>The fields of a reference that identify its decoded bytes: device, location, methods, check code.</summary>
internal readonly struct DataBlockKey : IEquatable<DataBlockKey>
{
    private readonly CheckWords _check;

    public DataBlockKey(int device, in Blockref reference)
    {
        Device = device;
        Methods = reference.Methods.Raw;
        DataRaw = reference.Data.Raw;
        MemoryMarshal.Cast<byte, ulong>(reference.CheckRead)[..CheckWords.Count].CopyTo(_check);
    }

    public int Device { get; }

    public byte Methods { get; }

    public ulong DataRaw { get; }

    public bool Equals(DataBlockKey other) =>
        DataRaw == other.DataRaw && Device == other.Device && Methods == other.Methods
        && ((ReadOnlySpan<ulong>)_check).SequenceEqual(other._check);

    public override bool Equals(object? obj) => obj is DataBlockKey other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(DataRaw, Device, _check[0]);

    /// <summary>The longest check code there is, SHA192, in 64-bit words.</summary>
    [InlineArray(Count)]
    private struct CheckWords
    {
        public const int Count = 3;
        private ulong _first;
    }
}
