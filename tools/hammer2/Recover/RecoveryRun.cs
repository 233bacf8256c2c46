// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Admin.Recovery;
using Hammer2.Devices;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Recover;

/// <summary>What 'undelete' and 'recover' share: progress, the list of what was found, and writing it.</summary>
internal sealed class RecoveryRun : IDisposable
{
    private readonly Invocation _invocation;
    private readonly ProgressLine _progress;
    private readonly Report _report;
    private readonly TargetDirectory? _top;
    private readonly RecoveredTarget? _target;
    private long _failed;
    private long _found;

    /// <summary>Opens the report and the directory.</summary>
    /// <exception cref="CommandException">The directory cannot be opened.</exception>
    public RecoveryRun(Invocation invocation, string? directory)
    {
        _invocation = invocation;
        _progress = new ProgressLine(invocation.Terminal);
        if (directory is not null)
        {
            int error = TargetDirectory.Open(ByteText.Encode(directory), out _top);
            if (error != 0) throw new CommandException(ExitCode.Failed, $"{directory}: {LinuxFiles.Describe(error)}");
            _target = new RecoveredTarget(_top!);
        }
        invocation.Interrupted = () => _target is null
            ? "not everything was scanned, and nothing was changed"
            : $"{_target.Written} objects were written, one may be incomplete; run it again to continue";
        _report = invocation.OpenReport();
        _report.BeginList("objects");
    }

    /// <summary>Where an object is written, and the names to try there; null to leave it out.</summary>
    public required Func<RecoveredObject, byte[], (byte[][] Path, IEnumerable<byte[]> Names)?> Place { get; init; }

    /// <summary>Searches, lists and writes. Returns the exit code.</summary>
    public int Run(VolumeSet volumes, UndeleteOptions options)
    {
        UndeleteReport result = Undelete.Run(volumes, options with { Progress = Show }, Take);
        _target?.Finish((path, reason) => Fail(string.Join('/', path.Select(part => NameText.Escape(part))), reason));
        _progress.Clear();
        _report.EndList();
        _report.Detail("found", Cell.Number(result.Found));
        _report.Detail("whole", Cell.Number(result.Whole));
        _report.Detail("damaged", Cell.Number(result.Damaged));
        _report.Detail("passes", Cell.Number(result.Passes));
        _report.Detail("scanned", Cell.Bytes(result.ScannedBytes));
        _report.Detail("unreadable", Cell.Bytes(result.UnreadableBytes));
        _report.Detail("forgottenVersions", Cell.Number(result.ForgottenVersions));
        if (_target is not null)
        {
            _report.Detail("written", Cell.Number(_target.Written));
            _report.Detail("present", Cell.Number(_target.Present));
            _report.Detail("notWritten", Cell.Number(_failed));
        }
        WriteSummary(result);
        if (_failed > 0) return ExitCode.Failed;
        if (result.Found == 0) return ExitCode.NotFound;
        return result.Damaged > 0 ? ExitCode.Damage : ExitCode.Ok;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _progress.Dispose();
        _top?.Dispose();
        _report.Dispose();
    }

    private void WriteSummary(UndeleteReport result)
    {
        if (result.UnreadableBytes > 0)
            _invocation.Warn($"{ByteUnits.Format(result.UnreadableBytes, ByteUnit.Iec)} of the devices cannot be read");
        if (result.ForgottenVersions > 0)
            _invocation.Warn($"{result.ForgottenVersions} older versions of objects with very many of them were left out");
        if (_invocation.Has(CommonOptions.Json)) return;
        string written = _target is null ? "" : string.Create(CultureInfo.InvariantCulture,
            $"; {_target.Written} written, {_target.Present} were there, {_failed} failed");
        _invocation.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.Found} found: {result.Whole} whole, {result.Damaged} damaged{written}"));
    }

    private void Show(UndeleteProgress now)
    {
        string pass = now.Pass > 1 ? $"scan {now.Pass}, " : "";
        _progress.Show($"{_invocation.Row.Name}: {pass}"
            + ProgressLine.Bar(now.TotalBytes == 0 ? 1 : (double)now.ScannedBytes / now.TotalBytes)
            + $" {ByteUnits.Format(now.ScannedBytes, ByteUnit.Iec)} of {ByteUnits.Format(now.TotalBytes, ByteUnit.Iec)}"
            + (now.ScannedBytes == now.TotalBytes ? $", {_found} objects" : $", {now.Versions} versions"));
    }

    private void Take(RecoveredObject one)
    {
        _found++;
        string? failure = _target is null ? null : Write(one);
        _progress.Clear();
        RecoveredText.Write(_report, one, failure, _invocation.Unit);
        if (failure is not null) Fail(NameText.Escape(one.Paths[0]), failure);
    }

    private string? Write(RecoveredObject one)
    {
        string? failure = null;
        bool isFirst = true;
        foreach (byte[] path in one.Paths)
        {
            if (Place(one, path) is not { } place) continue;
            failure ??= isFirst ? _target!.Write(one, place.Path, place.Names) : _target!.Link(one, place.Path);
            isFirst = false;
        }
        return failure;
    }

    private void Fail(string path, string reason)
    {
        _failed++;
        _invocation.Warn($"{path}: {reason}");
    }
}
