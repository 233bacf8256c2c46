// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <summary>
/// Walks the blocks of a file that have data: those of the last commit merged with the changes of the syncing and of
/// the open group.
/// </summary>
internal ref struct BlockCursor
{
    private readonly LeafDelta? _open;
    private readonly LeafDelta? _closing;
    private readonly ulong _last;
    private ClusterCursor _committed;
    private ulong _position;
    private ulong _committedKey, _committedEnd;
    private bool _hasCommitted;
    private bool _isCommittedDone;
    private bool _isAtEnd;

    /// <summary>A cursor before the first block with a key in [first, last].</summary>
    public BlockCursor(in Inode file, ulong first, ulong last)
    {
        _open = file.Live?.Open;
        _closing = file.Live?.Frozen?.Changes;
        _committed = new ClusterCursor(file, first, last);
        _position = first;
        _last = last;
    }

    /// <summary>First byte of the block that the last step found.</summary>
    public ulong Key { get; private set; }

    /// <summary>Last byte of that block.</summary>
    public ulong KeyEnd { get; private set; }

    /// <summary>Moves to the next block with data.</summary>
    /// <returns>None; NoEntry at the end; a fault, after which the walk continues.</returns>
    public Hammer2Error MoveNext()
    {
        while (!_isAtEnd)
        {
            Hammer2Error error = FetchCommitted();
            if (error != Hammer2Error.None) return error;
            ulong openKey = 0, closingKey = 0;
            DirtyBlock? open = null, closing = null;
            bool hasOpen = _open is not null && _open.Blocks.TryFirst(_position, out openKey, out open);
            bool hasClosing = _closing is not null
                && _closing.Blocks.TryFirst(_position, out closingKey, out closing);
            ulong key = Math.Min(
                hasOpen ? openKey : ulong.MaxValue, hasClosing ? closingKey : ulong.MaxValue);
            if (_hasCommitted) key = Math.Min(key, _committedKey);
            if (key > _last || !(hasOpen || hasClosing || _hasCommitted)) break;

            if (openKey != key) open = null;
            if (closingKey != key) closing = null;
            bool isData = IsData(key, hasOpen ? open : null, hasClosing ? closing : null);
            Key = key;
            KeyEnd = key | (Media.FileBlockBytes - 1);
            if (_hasCommitted && _committedKey == key)
            {
                KeyEnd = _committedEnd;
                _hasCommitted = false;
            }
            if (KeyEnd >= _last) _isAtEnd = true;
            else _position = KeyEnd + 1;
            if (isData) return Hammer2Error.None;
        }
        return Hammer2Error.NoEntry;
    }

    // The newest group with a change of the block decides.
    private readonly bool IsData(ulong key, DirtyBlock? open, DirtyBlock? closing)
    {
        if (open is not null) return !open.IsHole;
        if (_open is not null && key >= _open.TruncatedFrom) return false;
        if (closing is not null) return !closing.IsHole;
        if (_closing is not null && key >= _closing.TruncatedFrom) return false;
        return true;
    }

    private Hammer2Error FetchCommitted()
    {
        while (!_hasCommitted && !_isCommittedDone)
        {
            Hammer2Error error = _committed.MoveNext();
            if (error.IsNodeFault()) return error;
            _isCommittedDone = error == Hammer2Error.NoEntry;
            if (_isCommittedDone || _committed.Current.Type != BlockrefType.Data) continue;
            _committedKey = _committed.Current.Key;
            _committedEnd = _committed.Current.KeyEnd;
            _hasCommitted = true;
        }
        return Hammer2Error.None;
    }
}
