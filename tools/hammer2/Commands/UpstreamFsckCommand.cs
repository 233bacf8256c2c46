// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Admin;
using Hammer2.Admin.Scan;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>
/// The check with the name and options of upstream's program: verifies check codes below each header copy. Never
/// writes.
/// </summary>
internal static class UpstreamFsckCommand
{
    private const int ListedMax = 10_000;

    private static readonly OptionRow Force =
        new("--force", "continue after a failed part, and below damaged blocks") { Short = "-f" };

    private static readonly OptionRow Verbose =
        new("--verbose", "show the content of damaged blocks") { Short = "-v" };

    private static readonly OptionRow Quiet = new("--quiet", "show no progress") { Short = "-q" };

    private static readonly OptionRow CountEmpty = new("--count-empty", "count empty references too") { Short = "-e" };

    private static readonly OptionRow BestZone =
        new("--best", "scan the trees of the newest header copy only") { Short = "-b" };

    private static readonly OptionRow EachPfs = new("--each-pfs", "scan each PFS separately") { Short = "-p" };

    private static readonly OptionRow PrintPfs =
        new("--print-pfs", "print type, cluster id and label of the PFSs, and scan nothing") { Short = "-P" };

    private static readonly OptionRow Labels =
        new("--labels", "with -p or -P only these PFSs, separated by commas") { Short = "-l", ValueName = "LABELS" };

    private static readonly OptionRow CacheCount =
        new("--cache", "cache totals of subtrees with at least this number of references (default 100, also for 0)")
        {
            Short = "-c",
            ValueName = "NUMBER",
        };

    public static readonly CommandRow Row = new("fsck_hammer2", "verify the check codes of all blocks", Run)
    {
        Group = CommandGroup.Media,
        ProgramNames = ["fsck_hammer2"],
        UsageExitCode = ExitCode.Damage,
        HasJson = false,
        Description = """
            Equivalent of upstream's program of this name, with its options: reads headers, the freemap and all
            blocks that are reachable from each header copy, and verifies the check codes. It never writes;
            'hammer2 fsck' checks the other rules of the format and repairs, and fsck.hammer2 is the program
            that fsck(8) calls.

            Older header copies may refer to blocks that were freed and reused since; -b skips these copies.
            """,
        Arguments = [MediaOptions.UnmountedVolumes],
        Options = [Force, Verbose, Quiet, CountEmpty, BestZone, EachPfs, PrintPfs, Labels, CacheCount],
        ExitCodes =
        [
            new(ExitCode.Ok, "all check codes match"),
            new(ExitCode.Damage, "damage was found, a device cannot be opened, or the command line is malformed"),
        ],
        Examples =
        [
            new("fsck_hammer2 -b /dev/sdb1", "verify the trees of the newest header"),
            new("fsck_hammer2 -p -l ROOT,HOME /dev/sdb1", "scan two PFSs, one after the other"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        int code = ExitCode.Ok;
        IReadOnlyList<string> texts = invocation.Texts(MediaOptions.UnmountedVolumes);
        foreach (string text in texts)
        {
            if (texts.Count > 1) invocation.Terminal.Out.WriteLine(text);
            try
            {
                MountSpec spec = MountSpec.Parse(text);
                using VolumeSet volumes = MediaSource.Open(spec.Paths, new MediaSourceOptions(),
                    invocation.Loggers.CreateLogger("Hammer2.Devices"));
                using var run = new ScanRun(invocation, volumes, Options(invocation));
                if (!run.RunAll()) code = ExitCode.Damage;
            }
            catch (Exception failure) when (failure is MediaException or FormatException or ArgumentException)
            {
                invocation.Warn(failure.Message);
                code = ExitCode.Damage;
            }
        }
        return code;
    }

    private static ScanChoices Options(Invocation invocation)
    {
        ulong cache = invocation.Number(CacheCount) ?? 0;
        if (cache > long.MaxValue)
            throw new CommandException(ExitCode.Damage, $"{CacheCount.Name} {cache}: too many");
        // As in upstream, each of the two options cancels the other.
        bool isVerbose = invocation.Has(Verbose) && !invocation.Has(Quiet);
        bool isQuiet = invocation.Has(Quiet) && !invocation.Has(Verbose);
        string[] labels = invocation.Text(Labels)?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return new ScanChoices(isVerbose, isQuiet, invocation.Has(Force), invocation.Has(BestZone),
            invocation.Has(EachPfs), invocation.Has(PrintPfs), [.. labels.Select(NameText.Unescape)],
            new BlockScanOptions
            {
                CountsEmpty = invocation.Has(CountEmpty),
                FollowsDamage = invocation.Has(Force),
                CacheThreshold = cache == 0 ? BlockScanOptions.CacheThresholdDefault : (long)cache,
                FaultsMax = ListedMax,
            });
    }

    private sealed record ScanChoices(
        bool IsVerbose, bool IsQuiet, bool IsForced, bool OnlyBest, bool EachPfs, bool PrintsPfs,
        IReadOnlyList<byte[]> Labels, BlockScanOptions Scan);

    /// <summary>The scan of one filesystem, and its report.</summary>
    private sealed class ScanRun : IDisposable
    {
        private readonly Invocation _invocation;
        private readonly VolumeSet _volumes;
        private readonly ScanChoices _choices;
        private readonly ProgressLine _progress;
        private readonly BlockScan _scan;

        public ScanRun(Invocation invocation, VolumeSet volumes, ScanChoices choices)
        {
            _invocation = invocation;
            _volumes = volumes;
            _choices = choices;
            _progress = new ProgressLine(invocation.Terminal);
            _scan = new BlockScan(volumes, choices.Scan with
            {
                Progress = choices.IsQuiet ? null : scanned => _progress.Show(
                    string.Create(CultureInfo.InvariantCulture, $"fsck_hammer2: {scanned} references")),
            });
        }

        private IReadOnlyList<VolumeHeaderCopy> Copies => _volumes.Volumes[0].Copies.Copies;

        private int Best => _volumes.Volumes[0].Copies.Newest.CopyIndex;

        /// <summary>Runs the requested scans; false when any fault was found.</summary>
        public bool RunAll()
        {
            if (_choices.PrintsPfs) return EachZone(PrintPfses);
            Say("volume header");
            bool isSound = EachZone(CheckHeader);
            if (!isSound && !_choices.IsForced) return false;
            Say("freemap");
            isSound &= EachZone(copy => copy.Header is null || Scan(copy.Header.FreemapBlockset, isFreemap: true, 1));
            if (!isSound && !_choices.IsForced) return false;
            Say("volume");
            return EachZone(copy => copy.Header is null
                || (_choices.EachPfs ? ScanPfses(copy.Header) : Scan(copy.Header.SuperRootBlockset, false, 1))) && isSound;
        }

        public void Dispose() => _progress.Dispose();

        private bool EachZone(Func<VolumeHeaderCopy, bool> check)
        {
            bool isSound = true;
            for (int index = 0; index < Media.HeaderCopies; index++)
            {
                if (_choices.OnlyBest && index != Best) continue;
                if (index >= Copies.Count || (ulong)Copies[index].Offset >= _volumes.Volumes[0].LengthBytes)
                {
                    WriteError($"zone.{index} exceeds volume size");
                    break;
                }
                string best = !_choices.OnlyBest && index == Best ? " (best)" : "";
                Say(string.Create(CultureInfo.InvariantCulture,
                    $"zone.{index} {new DataOffset((ulong)Copies[index].Offset, Media.BufferRadix).Raw:x16}{best}"));
                isSound &= check(Copies[index]);
            }
            return isSound;
        }

        private bool CheckHeader(VolumeHeaderCopy copy)
        {
            if (copy.Header is not null) return true;
            WriteError($"\t{copy.Fault}");
            return false;
        }

        private bool PrintPfses(VolumeHeaderCopy copy) => copy.Header is null
            ? CheckHeader(copy)
            : EachPfs(copy.Header, pfs =>
            {
                string type = pfs.Meta.PfsType == PfsType.Master && pfs.Meta.PfsSubtype != PfsSubtype.None
                    ? MediaText.Subtype(pfs.Meta.PfsSubtype)
                    : MediaText.Role(pfs.Meta);
                Say($"\t{type,-11} {pfs.Meta.PfsClusterId} {NameText.Escape(pfs.Label)}");
                return true;
            });

        private bool ScanPfses(VolumeHeader header) => EachPfs(header, pfs =>
        {
            Say("\t" + NameText.Escape(pfs.Label));
            Blockref root = pfs.Reference;
            return Scan([root], isFreemap: false, 2);
        });

        /// <summary>Visits the requested PFSs, in the order of their labels.</summary>
        private bool EachPfs(VolumeHeader header, Func<PfsRecord, bool> check)
        {
            PfsCatalog catalog = PfsCatalog.Read(_volumes, header);
            foreach (PfsFault fault in catalog.Faults) WriteError("\tcannot read a PFS: " + fault.Fault.Reason);
            bool isSound = catalog.Faults.Count == 0;
            PfsRecord[] wanted = [.. catalog.Records
                .Where(pfs => _choices.Labels.Count == 0 || _choices.Labels.Any(label => label.SequenceEqual(pfs.Label)))
                .OrderBy(pfs => NameText.Escape(pfs.Label), StringComparer.Ordinal)];
            foreach (PfsRecord pfs in wanted) isSound &= check(pfs);
            if (wanted.Length > 0 || _choices.Labels.Count == 0) return isSound;
            WriteError("\tno such PFS");
            return false;
        }

        private bool Scan(ReadOnlySpan<Blockref> roots, bool isFreemap, int indent)
        {
            BlockScanReport report = _scan.Scan(roots);
            _progress.Clear();
            BlockScanTotals totals = report.Totals;
            string empty = _choices.Scan.CountsEmpty
                ? string.Create(CultureInfo.InvariantCulture, $", {totals.Empty} empty") : "";
            string kinds = isFreemap
                ? string.Create(CultureInfo.InvariantCulture, $"{totals.FreemapNodes} node, {totals.FreemapLeaves} leaf")
                : string.Create(CultureInfo.InvariantCulture,
                    $"{totals.Inodes} inode, {totals.Indirects} indirect, {totals.Data} data, {totals.Entries} dirent");
            Say(new string('\t', indent) + string.Create(CultureInfo.InvariantCulture,
                $"{totals.References} blockref ({kinds}{empty}), {ByteUnits.Format(totals.Bytes, ByteUnit.Iec)}"));
            foreach (BlockScanFault fault in report.Faults) Write(fault, indent);
            if (report.FaultsTotal > report.Faults.Count)
                WriteError(string.Create(CultureInfo.InvariantCulture, $"\tand {report.FaultsTotal - report.Faults.Count} more"));
            return report.FaultsTotal == 0;
        }

        private void Write(BlockScanFault fault, int indent)
        {
            Blockref reference = fault.Reference;
            string kind = MediaText.Kind(reference.Type).Replace('-', '_');
            var line = new StringBuilder(new string('\t', indent));
            _ = line.Append(CultureInfo.InvariantCulture,
                $"{reference.Data.Raw:x16} {kind,-12} {reference.Key:x16}/{reference.KeyBits,-2} ");
            WriteError(line.Append(fault.Reason).ToString());
            if (_choices.IsVerbose)
                foreach (string detail in BlockDump.Lines(_volumes, reference)) WriteError(new string('\t', indent + 1) + detail);
        }

        private void Say(string line) => _invocation.Terminal.Out.WriteLine(line);

        private void WriteError(string line)
        {
            // Flush first, so that the order is kept when both streams go to one file.
            _invocation.Terminal.Flush();
            _invocation.Terminal.Error.WriteLine(line);
        }
    }
}
