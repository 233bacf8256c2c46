// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>Receives an inode that agrees with the check code of a reference to it.</summary>
/// <param name="reference">The reference.</param>
/// <param name="slot">The address of the reference.</param>
/// <param name="meta">The fields of the inode.</param>
/// <param name="name">The name that is stored in it: the label of a PFS root.</param>
internal delegate void ProvenInode(in Blockref reference, ulong slot, in InodeMeta meta, ReadOnlySpan<byte> name);

/// <summary>
/// Reads what references of inodes lead to, and passes on each inode that is there, once. References are gathered and
/// read in the order of their addresses.
/// </summary>
/// <remarks>A reference that was copied with its block is found many times: addresses that were proven are remembered, a bit
/// each, and of references that lead to something else as many as a table of fixed size has space for.</remarks>
internal sealed class InodeProver
{
    private const int WaitingMax = 4096;
    private const int FailedSlots = 1 << 18;
    private const ulong HashFactor = 0x9E3779B97F4A7C15;
    private const int HashShift = 64 - 18;

    private readonly VolumeSet _volumes;
    private readonly bool _isRelaxed;
    private readonly ProvenInode _found;
    private readonly BlockSet _proven = new();
    private readonly ulong[] _failed = new ulong[FailedSlots];
    private readonly List<(Blockref Reference, ulong Slot)> _waiting = new(WaitingMax);
    private readonly byte[] _block = new byte[Media.InodeBytes];

    public InodeProver(VolumeSet volumes, bool isRelaxed, ProvenInode found)
    {
        _volumes = volumes;
        _isRelaxed = isRelaxed;
        _found = found;
    }

    /// <summary>Takes a reference whose fields are valid.</summary>
    public void Add(in Blockref reference, ulong slot)
    {
        if (!_isRelaxed && !CheckCode.Protects(reference.Methods.Check)) return;
        if (_proven.Contains(reference.Data.Bytes) || HasFailed(reference)) return;
        _waiting.Add((reference, slot));
        if (_waiting.Count == WaitingMax) Flush();
    }

    /// <summary>Reads all that was gathered.</summary>
    public void Flush()
    {
        _waiting.Sort(static (left, right) => left.Reference.Data.Raw.CompareTo(right.Reference.Data.Raw));
        foreach (ref readonly (Blockref Reference, ulong Slot) item in CollectionsMarshal.AsSpan(_waiting))
            Prove(item.Reference, item.Slot);
        _waiting.Clear();
    }

    private void Prove(in Blockref reference, ulong slot)
    {
        if (_proven.Contains(reference.Data.Bytes) || HasFailed(reference)) return;
        bool isProven = _volumes.Read(reference.Data.Bytes, _block) == Hammer2Error.None
            && CheckCode.Verify(reference, _block) && MediaValidator.Inode(reference, _block) is null;
        if (!isProven)
        {
            ulong mark = MarkOf(reference);
            _failed[(int)((mark * HashFactor) >> HashShift)] = mark;
            return;
        }
        _ = _proven.Add(reference.Data.Bytes);
        var inode = new InodeBlock(_block);
        _found(reference, slot, inode.Meta, inode.Name);
    }

    private bool HasFailed(in Blockref reference)
    {
        ulong mark = MarkOf(reference);
        return _failed[(int)((mark * HashFactor) >> HashShift)] == mark;
    }

    // What decides whether the block agrees: the reference but for its tids and statistics.
    private static ulong MarkOf(in Blockref reference)
    {
        ulong code = CheckCode.Hash64(reference.CheckRead);
        return (code ^ (reference.Data.Raw * HashFactor) ^ reference.Key) | 1;
    }
}
