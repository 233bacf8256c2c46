// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <summary>
/// Walks the entries of a directory in key order: those of the last commit merged with the changes of the syncing and
/// of the open group.
/// </summary>
internal ref struct EntryCursor
{
    private readonly Inode _directory;
    private readonly LeafDelta? _open;
    private readonly LeafDelta? _closing;
    private readonly ulong _last;
    private readonly int _nameBytes;
    private ClusterCursor _committed;
    private ulong _position;
    private bool _hasCommitted;
    private bool _isCommittedDone;
    private bool _isAtEnd;
    private Chain? _block;
    private byte[]? _name;

    /// <summary>A cursor before the first entry with a key in [first, last].</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="first">Lowest key.</param>
    /// <param name="last">Highest key.</param>
    /// <param name="nameBytes">When not 0, committed entries with names of another length may be skipped without
    /// reading their names.</param>
    public EntryCursor(in Inode directory, ulong first, ulong last, int nameBytes = 0)
    {
        _nameBytes = nameBytes;
        _directory = directory;
        _open = directory.Live?.Open;
        _closing = directory.Live?.Frozen?.Changes;
        _committed = new ClusterCursor(directory, first, last);
        _position = first;
        _last = last;
    }

    /// <summary>The entry that the last step found.</summary>
    public DirectoryEntry Entry { get; private set; }

    /// <summary>Its name; valid until the next step.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Name =>
        _name is not null ? _name : EntryNames.Of(_committed.Current, _block);

    /// <summary>Moves to the next entry.</summary>
    /// <returns>None; NoEntry at the end; the fault of an unreadable block, after which the walk continues.</returns>
    public Hammer2Error MoveNext() =>
        _open is null && _closing is null ? MoveNextCommitted() : MoveNextOfBoth();

    // The fast path of listings: only committed entries.
    private Hammer2Error MoveNextCommitted()
    {
        Hammer2Error error;
        while ((error = _committed.MoveNext()) == Hammer2Error.None)
        {
            if (IsOfOtherLength(_committed.Current)) continue;
            return LoadCommitted();
        }
        return error;
    }

    private Hammer2Error MoveNextOfBoth()
    {
        while (!_isAtEnd)
        {
            if (!_hasCommitted && !_isCommittedDone)
            {
                Hammer2Error error = _committed.MoveNext();
                if (error.IsNodeFault()) return error;
                _isCommittedDone = error == Hammer2Error.NoEntry;
                _hasCommitted = !_isCommittedDone;
            }
            DirentDelta? change = NextChange(out ulong changeKey);
            ulong committedKey = _hasCommitted ? _committed.Current.Key : 0;
            if (_hasCommitted && (change is null || committedKey < changeKey))
            {
                _hasCommitted = false;
                StepBehind(committedKey);
                _name = null;
                if (IsOfOtherLength(_committed.Current)) continue;
                return LoadCommitted();
            }
            if (change is null) break;
            // A change replaces a committed entry with the same key.
            if (_hasCommitted && committedKey == changeKey) _hasCommitted = false;
            StepBehind(changeKey);
            if (change.IsRemoval) continue;
            _name = change.Name;
            Entry = new DirectoryEntry(change.Inum, change.Type, changeKey);
            return Hammer2Error.None;
        }
        return Hammer2Error.NoEntry;
    }

    private Hammer2Error LoadCommitted()
    {
        Hammer2Error error = EntryNames.Load(_directory, _committed, out _block, out DirectoryEntry entry);
        Entry = entry;
        return error;
    }

    private readonly bool IsOfOtherLength(in Blockref reference) =>
        _nameBytes != 0 && reference.Type == BlockrefType.Dirent && reference.Dirent.NameBytes != _nameBytes;

    private readonly DirentDelta? NextChange(out ulong key)
    {
        key = 0;
        if (_open is null && _closing is null) return null;
        ulong openKey = 0, closingKey = 0;
        DirentDelta? open = null, closing = null;
        bool hasOpen = _open is not null && _open.Entries.TryFirst(_position, out openKey, out open);
        bool hasClosing = _closing is not null
            && _closing.Entries.TryFirst(_position, out closingKey, out closing);
        bool isOpen = hasOpen && (!hasClosing || openKey <= closingKey);
        if (!isOpen && !hasClosing) return null;
        key = isOpen ? openKey : closingKey;
        return key > _last ? null : isOpen ? open : closing;
    }

    private void StepBehind(ulong key)
    {
        if (key >= _last) _isAtEnd = true;
        else _position = key + 1;
    }
}
