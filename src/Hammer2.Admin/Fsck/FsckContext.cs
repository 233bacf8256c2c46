// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>The state shared by all parts of one check: the volumes, the blocks found, and the findings.</summary>
internal sealed class FsckContext
{
    private const ulong ProgressStepBytes = 8 << 20;

    private readonly List<FsckFinding> _findings = [];
    private readonly int[] _listed = new int[(int)FsckSeverity.Error + 1];
    private readonly RepairPlan _plan = new();
    private RepairPlan _ignored = new();
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

    /// <summary>Key of the PFS whose names are kept after the check, 0 for none.</summary>
    public ulong KeptPfsKey { get; init; }

    /// <summary>The names and inodes of that PFS.</summary>
    public PfsScope? KeptScope { get; set; }

    /// <summary>The repairs for the findings; one that is thrown away while a walk is repeated.</summary>
    public RepairPlan Plan => IsRepeating ? _ignored : _plan;

    /// <summary>True while a PFS is walked once more: nothing is reported or counted again then.</summary>
    public bool IsRepeating
    {
        get;
        set
        {
            field = value;
            _ignored = new RepairPlan();
        }
    }

    /// <summary>The highest inode number found in each PFS, by the key of its root.</summary>
    public Dictionary<ulong, ulong> HighestInums { get; } = [];

    /// <summary>True once a block could not be read, so that not all blocks in use are known.</summary>
    public bool IsReachabilityPartial { get; set; }

    public ref readonly VolumeHeaderSector Header => ref Volumes.Header.Fields;

    public IReadOnlyList<FsckFinding> Findings => _findings;

    /// <summary>Adds a finding that concerns no inode.</summary>
    public void Add(FsckSeverity severity, FsckCode code, string text, ulong address = 0, ulong key = 0) =>
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = text,
            Location = LocationOf(address),
            Address = address,
            Key = key,
        });

    /// <summary>Adds a finding about a position in the tree.</summary>
    public void Add(
        FsckSeverity severity, FsckCode code, in FsckPosition position, in Blockref reference, string text, ulong? inum = null)
    {
        ulong address = reference.Data.Radix == 0 ? position.Parent.Data.Bytes : reference.Data.Bytes;
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = text,
            Location = LocationOf(address),
            Address = address,
            PfsKey = position.Pfs?.Key ?? 0,
            Label = position.Pfs?.Label,
            Inum = inum ?? InumOf(position, reference),
            Key = reference.Key,
            Path = position.Pfs is { Label: null } ? "/"u8.ToArray() : null, // its root cannot be read
        });
    }

    /// <summary>Adds a finding about an inode of a PFS.</summary>
    public void Add(FsckSeverity severity, FsckCode code, PfsScope pfs, ulong inum, string text, ulong key = 0) =>
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = text,
            Location = Volumes.Name,
            PfsKey = pfs.Key,
            Label = pfs.Label,
            Inum = inum,
            Key = key,
        });

    /// <summary>Adds a finding about the freemap entry of the 4 MiB from an address on.</summary>
    public void AddSegment(
        FsckSeverity severity, FsckCode code, in Blockref leaf, ulong address, string text) =>
        Add(new FsckFinding
        {
            Severity = severity,
            Code = code,
            Text = $"segment 0x{address:x}: " + text,
            Location = LocationOf(leaf.Data.Bytes),
            Address = address,
            Key = address,
        });

    /// <summary>Reads a block and verifies its check code; adds a finding on failure.</summary>
    public bool TryRead(in FsckPosition position, in Blockref reference, Span<byte> block)
    {
        Options.Cancellation.ThrowIfCancellationRequested();
        Hammer2Error error = Volumes.Read(reference.Data.Bytes, block);
        CountRead(block.Length);
        if (error != Hammer2Error.None)
        {
            Add(FsckSeverity.Error, FsckCode.Unreadable, position, reference,
                $"{Describe(reference)} cannot be read from the device");
            return false;
        }
        if (CheckCode.Verify(reference, block)) return true;
        Add(FsckSeverity.Error, FsckCode.CheckCode, position, reference,
            $"{Describe(reference)} does not match its check code ({reference.Methods.Check})");
        return false;
    }

    /// <summary>Completes the report: sorts the findings by severity, the worst first.</summary>
    public void Finish()
    {
        var ordered = new List<FsckFinding>(_findings.Count);
        for (FsckSeverity severity = FsckSeverity.Error; severity >= FsckSeverity.Note; severity--)
            foreach (FsckFinding finding in _findings)
                if (finding.Severity == severity) ordered.Add(finding);
        Report.Findings = ordered;
        Report.BytesReachable = Ledger.UsedBytes;
    }

    /// <summary>Describes the target of a reference, for messages.</summary>
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

    private static ulong InumOf(in FsckPosition position, in Blockref reference) =>
        reference.Type == BlockrefType.Inode && !position.IsUnderSuperRoot && (reference.Key & Media.EntryKeyBit) == 0
            ? reference.Key
            : position.IsUnderSuperRoot && position.Pfs is not null ? Media.PfsRootInum : position.OwnerInum;

    private void Add(FsckFinding finding)
    {
        if (IsRepeating) return;
        Report.Count(finding.Severity, finding.Code);
        // The limit is per severity, so that many notes cannot displace errors.
        if (_listed[(int)finding.Severity]++ < Options.FindingsMax) _findings.Add(finding);
    }

    private string LocationOf(ulong address) => address == 0 ? Volumes.Name : Volumes.DescribeLocation(address);

    private void CountRead(int bytes)
    {
        if (IsRepeating) return;
        Report.BytesRead += (ulong)bytes;
        if (Report.BytesRead < _progressAt) return;
        _progressAt = Report.BytesRead + ProgressStepBytes;
        Options.Progress?.Invoke(Report.BytesRead);
    }
}
