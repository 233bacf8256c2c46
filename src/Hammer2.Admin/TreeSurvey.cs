// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>How large the trees of a filesystem are, and what compression and shared blocks save. All blocks of
/// references and inodes are read once; file data is not read.</summary>
/// <remarks>Memory: at most 256 KiB for each GiB in use, a bit for each KiB in either of two sets.</remarks>
public sealed class TreeSurvey
{
    private const int FaultsMax = 100;

    private readonly SortedDictionary<(TreeOwner Owner, int Level), (long Blocks, ulong Bytes)> _levels = [];
    private readonly SortedDictionary<CompressionMethod, DataMethodSize> _methods = [];
    private readonly List<TreeFault> _faults = [];

    private TreeSurvey()
    {
    }

    /// <summary>Blocks of references by what they are below and how deep.</summary>
    public IReadOnlyList<TreeLevel> Levels => [.. _levels.Select(static one =>
        new TreeLevel(one.Key.Owner, one.Key.Level, one.Value.Blocks, one.Value.Bytes))];

    /// <summary>Blocks of file data by their compression, each block once.</summary>
    public IReadOnlyList<DataMethodSize> Methods => [.. _methods.Values];

    /// <summary>Inodes, those that several PFSs share once.</summary>
    public long Inodes { get; private set; }

    /// <summary>Directory entries, those that several PFSs share once.</summary>
    public long Entries { get; private set; }

    /// <summary>Bytes of blocks for names that are too long for an entry.</summary>
    public ulong NameBytes { get; private set; }

    /// <summary>Files whose content is in their inode.</summary>
    public long EmbeddedFiles { get; private set; }

    /// <summary>Bytes of that content.</summary>
    public ulong EmbeddedBytes { get; private set; }

    /// <summary>References to a block of file data that another reference of the same PFS has: equal content that is
    /// stored once.</summary>
    public long DuplicateReferences { get; private set; }

    /// <summary>What they would need without that, as stored.</summary>
    public ulong DuplicateBytes { get; private set; }

    /// <summary>References to a block of file data of another PFS, in blocks of references that the PFSs do not
    /// share.</summary>
    public long SharedReferences { get; private set; }

    /// <summary>What they would need without that, as stored.</summary>
    public ulong SharedBytes { get; private set; }

    /// <summary>Blocks that cannot be read or are damaged; nothing below them is counted.</summary>
    public long FaultsTotal { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<TreeFault> Faults => _faults;

    /// <summary>Surveys a filesystem.</summary>
    public static TreeSurvey Take(VolumeSet volumes)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        var survey = new TreeSurvey();
        new MediaWalker(volumes).WalkTopology(new Visitor(survey));
        return survey;
    }

    private sealed class Visitor(TreeSurvey survey) : IMediaVisitor
    {
        private readonly BlockSet _metadata = new();
        private readonly BlockSet _data = new();
        private readonly Stack<(int Level, ulong FileBytes)> _outside = new();
        private BlockSet _dataOfPfs = new();
        private int _level;
        private ulong _fileBytes;

        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            switch (reference.Type)
            {
                case BlockrefType.Data:
                    CountData(reference);
                    return false;
                case BlockrefType.Dirent:
                    survey.Entries++;
                    survey.NameBytes += (ulong)reference.Data.SizeBytes;
                    return false;
                default:
                    return !_metadata.Contains(reference.Data.Bytes);
            }
        }

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            _ = _metadata.Add(reference.Data.Bytes);
            _outside.Push((_level, _fileBytes));
            if (reference.Type == BlockrefType.Inode)
            {
                EnterInode(position, reference, block);
                return true;
            }
            _level++;
            (TreeOwner, int) place = (OwnerOf(position), _level);
            (long blocks, ulong bytes) = survey._levels.GetValueOrDefault(place);
            survey._levels[place] = (blocks + 1, bytes + (ulong)block.Length);
            return true;
        }

        public void Leave(in WalkPosition position, in Blockref reference) => (_level, _fileBytes) = _outside.Pop();

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
            survey.FaultsTotal++;
            if (survey._faults.Count < FaultsMax)
                survey._faults.Add(new TreeFault(reference.Type, position.PfsKey, reference.Data.Bytes, fault.Reason));
        }

        private void EnterInode(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (position.IsPfsRoot(reference)) _dataOfPfs = new BlockSet();
            ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
            (_level, _fileBytes) = (0, meta.Size);
            survey.Inodes++;
            if (!meta.HasDirectData || meta.Size == 0) return;
            survey.EmbeddedFiles++;
            survey.EmbeddedBytes += meta.Size;
        }

        private void CountData(in Blockref reference)
        {
            ulong stored = (ulong)reference.Data.SizeBytes, address = reference.Data.Bytes;
            if (!_data.Add(address))
            {
                bool isOfPfs = !_dataOfPfs.Add(address);
                if (isOfPfs) (survey.DuplicateReferences, survey.DuplicateBytes) =
                    (survey.DuplicateReferences + 1, survey.DuplicateBytes + stored);
                else (survey.SharedReferences, survey.SharedBytes) =
                    (survey.SharedReferences + 1, survey.SharedBytes + stored);
                return;
            }
            _ = _dataOfPfs.Add(address);
            CompressionMethod method = reference.Methods.Compression;
            DataMethodSize sum = survey._methods.GetValueOrDefault(method, new DataMethodSize(method, 0, 0, 0));
            survey._methods[method] = sum with
            {
                Blocks = sum.Blocks + 1,
                StoredBytes = sum.StoredBytes + stored,
                ContentBytes = sum.ContentBytes + ContentBytesOf(reference),
            };
        }

        // What the block covers, up to the end of the file.
        private ulong ContentBytesOf(in Blockref reference)
        {
            ulong covered = reference.KeyEnd - reference.Key + 1;
            return _fileBytes <= reference.Key ? 0 : Math.Min(covered, _fileBytes - reference.Key);
        }

        private static TreeOwner OwnerOf(in WalkPosition position) =>
            position.IsUnderSuperRoot || position.PfsKey == 0 ? TreeOwner.SuperRoot
            : position.OwnerInum == Media.PfsRootInum ? TreeOwner.PfsRoot
            : position.OwnerType == ObjectType.Directory ? TreeOwner.Directory
            : TreeOwner.File;
    }
}
