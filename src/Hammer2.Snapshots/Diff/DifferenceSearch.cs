// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Snapshots.Compare;

namespace Hammer2.Snapshots.Diff;

/// <summary>Walks over what differs of two trees: inodes by number, and the entries of each directory whose inode
/// differs.</summary>
internal sealed class DifferenceSearch
{
    private readonly PfsTree _old;
    private readonly PfsTree _new;
    private readonly ContentComparison _content;
    private readonly TreeAttributes _oldAttributes;
    private readonly TreeAttributes _newAttributes;
    private readonly Action<ulong, string> _showHidden;
    private DifferenceWindow _window = new(0, 0);

    /// <param name="old">The tree before.</param>
    /// <param name="now">The tree after.</param>
    /// <param name="showHidden">Receives each part of a directory that cannot be compared, by the number of the
    /// directory, 0 for the index of inodes; with the reason. Not called again for further windows.</param>
    public DifferenceSearch(PfsTree old, PfsTree now, Action<ulong, string> showHidden)
    {
        (_old, _new, _showHidden) = (old, now, showHidden);
        _content = new ContentComparison(now.Device);
        (_oldAttributes, _newAttributes) = (new TreeAttributes(old), new TreeAttributes(now));
    }

    private MediaDevice Device => _new.Device;

    /// <summary>Fills a window.</summary>
    public void Run(DifferenceWindow window)
    {
        _window = window;
        CompareInodes(Media.PfsRootInum, _old.Root, _new.Root);
    }

    private void CompareTables(ulong directory, Chain? old, Chain? now)
    {
        var tables = new TreeComparison(Device, old, now);
        TreeStep step;
        while ((step = tables.MoveNext()) != TreeStep.End)
        {
            if (step == TreeStep.Hidden) ReportHidden(directory, tables);
            else if ((tables.New ?? tables.Old)!.Value.Type == BlockrefType.Dirent) CompareEntries(directory, tables);
            else if (directory == Media.PfsRootInum) LoadAndCompare(tables);
        }
    }

    private void CompareEntries(ulong directory, TreeComparison tables)
    {
        EntryName? old = Shown(Read(directory, tables.Old)), now = Shown(Read(directory, tables.New));
        if (old is { } left && now is { } right && tables.Old!.Value.Dirent.Inum == tables.New!.Value.Dirent.Inum
            && left.Equals(right)) return;
        if (old is { } removed && _window.Contains(tables.Old!.Value.Dirent.Inum))
            _window.At(tables.Old.Value.Dirent.Inum).Remove(removed);
        if (now is { } added && _window.Contains(tables.New!.Value.Dirent.Inum))
            _window.At(tables.New.Value.Dirent.Inum).Add(added);
    }

    private static EntryName? Shown(EntryName? entry) => entry is { Directory: Media.PfsRootInum } found
        && found.Name.AsSpan().SequenceEqual(AttributeFile.DirectoryName) ? null : entry;

    private EntryName? Read(ulong directory, Blockref? entry)
    {
        if (entry is not { Type: BlockrefType.Dirent } reference) return null;
        Hammer2Error error = EntryName.Read(Device, reference, out byte[] name);
        if (error == Hammer2Error.None) return new EntryName(directory, name, reference.Dirent.Type);
        if (_window.Contains(reference.Dirent.Inum))
            _window.At(reference.Dirent.Inum).Problem = $"its name cannot be read: {error}";
        return new EntryName(directory, EntryName.UnreadableName, reference.Dirent.Type);
    }

    private void LoadAndCompare(TreeComparison tables)
    {
        ulong inum = (tables.New ?? tables.Old)!.Value.Key;
        Hammer2Error oldError = Load(tables.Old, out Chain? old), newError = Load(tables.New, out Chain? now);
        if ((oldError | newError) == Hammer2Error.None)
        {
            CompareInodes(inum, Shown(old, _oldAttributes, _newAttributes), Shown(now, _newAttributes, _oldAttributes));
            return;
        }
        if (!_window.Contains(inum)) return;
        ObjectDifference found = _window.At(inum);
        Chain? readable = now ?? old;
        if (readable is not null) (found.Type, found.Parent) = (readable.Meta.Type, readable.Meta.ParentInum);
        string tree = oldError != Hammer2Error.None ? "old" : "new";
        found.Problem = $"the inode in the {tree} tree cannot be read: {oldError | newError}";
    }

    // Where damage hides which directory it is, the other tree tells.
    private static Chain? Shown(Chain? inode, TreeAttributes own, TreeAttributes other)
    {
        ulong directory = own.Error == Hammer2Error.None ? own.Directory : other.Directory;
        return inode is not null && TreeAttributes.IsHidden(directory, inode) ? null : inode;
    }

    private Hammer2Error Load(Blockref? reference, out Chain? inode)
    {
        inode = null;
        return reference is { Type: BlockrefType.Inode } found ? Device.Load(found, out inode) : Hammer2Error.None;
    }

    private void CompareInodes(ulong inum, Chain? old, Chain? now)
    {
        bool isSameObject = old is not null && now is not null && old.Meta.Type == now.Meta.Type;
        if (isSameObject && _window.Contains(inum)) CompareObject(inum, old!, now!);
        Chain? oldDirectory = old?.Meta.Type == ObjectType.Directory ? old : null;
        Chain? newDirectory = now?.Meta.Type == ObjectType.Directory ? now : null;
        if (oldDirectory is not null || newDirectory is not null) CompareTables(inum, oldDirectory, newDirectory);
    }

    private void CompareObject(ulong inum, Chain old, Chain now)
    {
        // An orphan of one tree is added or removed, and has nothing to compare.
        if (old.Meta.LinkCount == 0 || now.Meta.LinkCount == 0) return;
        DifferenceDetails details = AttributeComparison.Of(old.Meta, now.Meta);
        Hammer2Error error = Hammer2Error.None;
        if (now.Meta.Type is ObjectType.RegularFile or ObjectType.SoftLink)
        {
            error = _content.Run(old, now, out bool differs);
            if (differs) details |= DifferenceDetails.Content;
        }
        Hammer2Error attributesError = CompareAttributes(inum, old, now, out bool areOthers);
        if (areOthers) details |= DifferenceDetails.ExtendedAttributes;
        if (details == DifferenceDetails.None && (error | attributesError) == Hammer2Error.None) return;
        ObjectDifference found = _window.At(inum);
        (found.Type, found.Parent, found.Details) = (now.Meta.Type, now.Meta.ParentInum, details);
        if (attributesError != Hammer2Error.None)
            found.Problem = $"its extended attributes cannot be read: {attributesError}";
        if (error != Hammer2Error.None) found.Problem = $"its content cannot be read: {error}";
    }

    private Hammer2Error CompareAttributes(ulong inum, Chain old, Chain now, out bool differ)
    {
        differ = false;
        Hammer2Error error;
        byte[] before = [], after = [];
        if (inum == Media.PfsRootInum)
        {
            error = _oldAttributes.FindRootFile(out Chain? left) | _newAttributes.FindRootFile(out Chain? right);
            if (left is not null && right is not null && left.Reference.Data.Raw == right.Reference.Data.Raw)
                return Hammer2Error.None;
            if (left is not null) error |= _oldAttributes.ReadFile(left, inum, out before);
            if (right is not null) error |= _newAttributes.ReadFile(right, inum, out after);
        }
        else if (old.AfterInodeName.SequenceEqual(now.AfterInodeName)) return Hammer2Error.None;
        else error = _oldAttributes.Read(old, out before) | _newAttributes.Read(now, out after);
        differ = error == Hammer2Error.None && !TreeAttributes.IsSame(before, after);
        return error;
    }

    private void ReportHidden(ulong directory, TreeComparison tables)
    {
        if (_window.First != 0) return;
        string tree = tables.IsHiddenInOld ? "old" : "new";
        bool isIndex = directory == Media.PfsRootInum && tables.HiddenFirst < Media.EntryKeyBit;
        string what = isIndex ? "inodes" : "entries with hashes";
        _showHidden(isIndex ? 0 : directory, string.Create(CultureInfo.InvariantCulture,
            $"{what} 0x{tables.HiddenFirst:x} to 0x{tables.HiddenLast:x} of the {tree} tree cannot be read: "
            + $"{tables.HiddenError}"));
    }
}
