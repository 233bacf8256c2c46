// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>What all parts of one check share: the volumes, the blocks met, and the findings.</summary>
internal sealed class FsckContext
{
    private const ulong ProgressStepBytes = 8 << 20;

    private readonly List<FsckFinding> _findings = [];
    private readonly int[] _listed = new int[(int)FsckSeverity.Error + 1];
    private ulong _progressAt = ProgressStepBytes;

    public FsckContext(VolumeSet volumes, FsckOptions options)
    {
        Volumes = volumes;
        Options = options;
    }

    public VolumeSet Volumes { get; }

    public FsckOptions Options { get; }

    public FsckReport Report { get; } = new();

    public BlockLedger Ledger { get; } = new();

    /// <summary>Key of the PFS whose names are kept, 0 for none.</summary>
    public ulong KeptPfsKey { get; init; }

    /// <summary>The names and inodes of that PFS.</summary>
    public PfsScope? KeptScope { get; set; }

    /// <summary>What could be done about the findings.</summary>
    public RepairPlan Plan { get; } = new();

    /// <summary>The highest inode number met in each PFS, by the key of its root.</summary>
    public Dictionary<ulong, ulong> HighestInums { get; } = [];

    /// <summary>True once blocks were lost, so that not all that is in use is known.</summary>
    public bool IsReachabilityPartial { get; set; }

    public ref readonly VolumeHeaderSector Header => ref Volumes.Header.Fields;

    public IReadOnlyList<FsckFinding> Findings => _findings;

    /// <summary>Reports what concerns no inode.</summary>
    public void Add(FsckSeverity severity, FsckCode code, string text, ulong address = 0, ulong key = 0) =>
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = text,
            Place = PlaceOf(address),
            Address = address,
            Key = key,
        });

    /// <summary>Reports what was met at a place of the tree.</summary>
    public void Add(
        FsckSeverity severity, FsckCode code, in FsckPlace place, in Blockref reference, string text, ulong? inum = null)
    {
        ulong address = reference.Data.Radix == 0 ? place.Parent.Data.Bytes : reference.Data.Bytes;
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = text,
            Place = PlaceOf(address),
            Address = address,
            PfsKey = place.Pfs?.Key ?? 0,
            Label = place.Pfs?.Label,
            Inum = inum ?? InumOf(place, reference),
            Key = reference.Key,
            Path = place.Pfs is { Label: null } ? "/"u8.ToArray() : null, // its root cannot be read
        });
    }

    /// <summary>Reports what concerns an inode of a PFS as a whole.</summary>
    public void Add(FsckSeverity severity, FsckCode code, PfsScope pfs, ulong inum, string text, ulong key = 0) =>
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = text,
            Place = Volumes.Name,
            PfsKey = pfs.Key,
            Label = pfs.Label,
            Inum = inum,
            Key = key,
        });

    /// <summary>Reports what a freemap leaf says of the 4 MiB from an address on.</summary>
    public void AddSegment(
        FsckSeverity severity, FsckCode code, in Blockref leaf, ulong address, string text) =>
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = $"segment 0x{address:x}: " + text,
            Place = PlaceOf(leaf.Data.Bytes),
            Address = address,
            Key = address,
        });

    /// <summary>Reads a block and compares it with its check code; reports what is wrong.</summary>
    public bool TryRead(in FsckPlace place, in Blockref reference, Span<byte> block)
    {
        Options.Cancellation.ThrowIfCancellationRequested();
        Hammer2Error error = Volumes.Read(reference.Data.Bytes, block);
        CountRead(block.Length);
        if (error != Hammer2Error.None)
        {
            Add(FsckSeverity.Error, FsckCode.Unreadable, place, reference,
                $"{Describe(reference)} cannot be read from the device");
            return false;
        }
        if (CheckCode.Verify(reference, block)) return true;
        Add(FsckSeverity.Error, FsckCode.CheckCode, place, reference,
            $"{Describe(reference)} does not agree with its check code ({reference.Methods.Check})");
        return false;
    }

    /// <summary>Ends the list: the worst first.</summary>
    public void Finish()
    {
        var ordered = new List<FsckFinding>(_findings.Count);
        for (FsckSeverity severity = FsckSeverity.Error; severity >= FsckSeverity.Note; severity--)
            foreach (FsckFinding finding in _findings)
                if (finding.Severity == severity) ordered.Add(finding);
        Report.Findings = ordered;
        Report.BytesReachable = Ledger.UsedBytes;
    }

    /// <summary>What a reference leads to, for messages.</summary>
    public static string Describe(in Blockref reference) => reference.Type switch
    {
        BlockrefType.Inode => $"inode 0x{reference.Key:x}",
        BlockrefType.Indirect => $"indirect block of keys 0x{reference.Key:x}/{reference.KeyBits}",
        BlockrefType.Data => $"file data at 0x{reference.Key:x}",
        BlockrefType.Dirent => $"directory entry 0x{reference.Key:x}",
        BlockrefType.FreemapLeaf or BlockrefType.FreemapNode =>
            $"freemap block of 0x{reference.Key:x}/{reference.KeyBits}",
        _ => $"reference of type {(byte)reference.Type}",
    };

    private static ulong InumOf(in FsckPlace place, in Blockref reference) =>
        reference.Type == BlockrefType.Inode && !place.IsUnderSuperRoot && (reference.Key & Media.EntryKeyBit) == 0
            ? reference.Key
            : place.IsUnderSuperRoot && place.Pfs is not null ? Media.PfsRootInum : place.OwnerInum;

    private void Add(FsckFinding finding)
    {
        Report.Count(finding.Severity, finding.Code);
        // Errors always find room: remarks without number must not crowd them out.
        if (_listed[(int)finding.Severity]++ < Options.FindingsMax) _findings.Add(finding);
    }

    private string PlaceOf(ulong address) => address == 0 ? Volumes.Name : Volumes.DescribeLocation(address);

    private void CountRead(int bytes)
    {
        Report.BytesRead += (ulong)bytes;
        if (Report.BytesRead < _progressAt) return;
        _progressAt = Report.BytesRead + ProgressStepBytes;
        Options.Progress?.Invoke(Report.BytesRead);
    }
}
