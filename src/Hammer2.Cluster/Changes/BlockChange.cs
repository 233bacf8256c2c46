// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

/// <summary>How far a changed block is.</summary>
internal enum BlockState
{
    /// <summary>Its bytes may still be changed, by whoever holds the file's lock.</summary>
    Open,

    /// <summary>Its bytes are settled and wait for their turn, or are being written.</summary>
    Waiting,

    /// <summary>It is on the nodes, or a hole.</summary>
    Done,

    /// <summary>Newer bytes took its place before any commit: nobody needs it.</summary>
    Dropped,

    /// <summary>No node took it; its bytes stay readable here.</summary>
    Failed,
}

/// <summary>
/// A file block that was written: first bytes in memory, then, written out, references on the nodes. Or a hole.
/// </summary>
/// <remarks>
/// States go forward only, from Open by Waiting to Done, or to Dropped or Failed. Whoever takes a block from one
/// state to the next owns what comes with that; the order of the two fields lets readers look without a lock of
/// the block.
/// </remarks>
internal sealed class BlockChange
{
    private byte[]? _content;
    private Blockref[]? _stored;
    private int _state;
    private long _promisedBytes;

    private BlockChange(byte[]? content, BlockState state, ulong modifyTid)
    {
        _content = content;
        _state = (int)state;
        ModifyTid = modifyTid;
    }

    /// <summary>The first 4, 16 or 64 KiB; what is not there is zeros. Null for a hole, or once written out. The
    /// buffer is
    /// used again then: who read from it looks here once more, and takes what was read for nothing if it is
    /// gone.</summary>
    public byte[]? Content => Volatile.Read(ref _content);

    /// <summary>The reference on each node, once written out; the place differs, all else is equal.</summary>
    public Blockref[]? Stored => Volatile.Read(ref _stored);

    /// <summary>How far it is.</summary>
    public BlockState State => (BlockState)Volatile.Read(ref _state);

    /// <summary>The change's number.</summary>
    public ulong ModifyTid { get; set; }

    /// <summary>What it counts for in the file's size on media until a commit has it.</summary>
    public long ChargedBytes { get; init; }

    /// <summary>So many bytes from the start on were written one after the other: a full block is not expected to
    /// change again soon.</summary>
    public int FilledBytes { get; set; }

    /// <summary>True when other files have the same block: its space must not be given back.</summary>
    public bool IsShared { get; set; }

    /// <summary>Of the stored bytes; set before it is written.</summary>
    public ulong Hash { get; set; }

    /// <summary>True when the block is to have no storage.</summary>
    public bool IsHole => Content is null && Stored is null;

    /// <summary>A block of data.</summary>
    /// <param name="content">Its bytes; the block owns the buffer.</param>
    /// <param name="modifyTid">The change's number.</param>
    /// <param name="promisedBytes">Space set aside for it, which it owns as well.</param>
    public static BlockChange Of(byte[] content, ulong modifyTid, long promisedBytes) =>
        new(content, BlockState.Open, modifyTid)
        {
            ChargedBytes = Media.FileBlockBytes,
            _promisedBytes = promisedBytes,
        };

    /// <summary>A block that lies on every node already; takes the references over.</summary>
    public static BlockChange At(Blockref[] references, ulong modifyTid)
    {
        long bytes = 0;
        foreach (ref readonly Blockref reference in references.AsSpan())
            bytes = Math.Max(bytes, reference.Data.SizeBytes);
        return new(null, BlockState.Done, modifyTid)
        {
            ChargedBytes = bytes,
            IsShared = true,
            _stored = references,
        };
    }

    /// <summary>A hole; one may stand for many.</summary>
    public static BlockChange Hole(ulong modifyTid) => new(null, BlockState.Done, modifyTid);

    /// <summary>Gives an open block a longer buffer; returns the old one.</summary>
    /// <remarks>Entry: the file's lock is held, so that nobody reads.</remarks>
    public byte[] Replace(byte[] longer) => Interlocked.Exchange(ref _content, longer)!;

    /// <summary>From Open to Waiting; true for the one who did it.</summary>
    public bool TrySettle() => TryMove(BlockState.Open, BlockState.Waiting);

    /// <summary>From Waiting to Failed.</summary>
    public bool TryFail() => TryMove(BlockState.Waiting, BlockState.Failed);

    /// <summary>To Dropped, from whatever it was.</summary>
    public BlockState Drop() => (BlockState)Interlocked.Exchange(ref _state, (int)BlockState.Dropped);

    /// <summary>From Waiting to Done. False when it was dropped meanwhile: the references are nobody's
    /// then.</summary>
    /// <param name="references">Where it is; null for a hole.</param>
    public bool TryFinish(Blockref[]? references)
    {
        Volatile.Write(ref _stored, references);
        return TryMove(BlockState.Waiting, BlockState.Done);
    }

    /// <summary>The buffer, which belongs to whoever asks first; null after that.</summary>
    public byte[]? TakeContent() => Interlocked.Exchange(ref _content, null);

    /// <summary>The space set aside, which whoever asks first must give back; 0 after that.</summary>
    public long TakePromise() => Interlocked.Exchange(ref _promisedBytes, 0);

    private bool TryMove(BlockState from, BlockState to) =>
        Interlocked.CompareExchange(ref _state, (int)to, (int)from) == (int)from;
}
