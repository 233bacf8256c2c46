// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Chains;

/// <summary>
/// Counts the faults of one filesystem and logs each once, with device, offset, PFS, reference and reason. A failing
/// disk that is read in a loop must not fill the journal, so locations are remembered up to a limit and further ones
/// are only counted.
/// </summary>
public sealed partial class MediaFaultLog
{
    private const int LocationsMax = 4096;

    private static readonly Hammer2Error[] s_blockErrors = [Hammer2Error.Io, Hammer2Error.Check, Hammer2Error.Corrupt];

    private readonly VolumeSet _volumes;
    private readonly ILogger _logger;
    private readonly RankedLock _locationsLock = new(LockRank.FaultLog);
    private readonly HashSet<(ulong, Hammer2Error)> _locations = [];
    private long _faultsTotal;
    private string? _lastFault;

    /// <summary>A log for a filesystem.</summary>
    public MediaFaultLog(VolumeSet volumes, ILogger logger)
    {
        _volumes = volumes;
        _logger = logger;
    }

    /// <summary>Label of the PFS in use for messages; null for none.</summary>
    public string? Label { get; set; }

    /// <summary>Number of faults so far, repeated ones included.</summary>
    public long FaultsTotal => Volatile.Read(ref _faultsTotal);

    /// <summary>The last fault, as it was or would have been logged; null when there was none, or all were
    /// healed.</summary>
    public string? LastFault => Volatile.Read(ref _lastFault);

    /// <summary>Reports a fault of the block that <paramref name="reference"/> leads to, or of the device when it
    /// leads to none.</summary>
    internal void Report(in Blockref reference, Hammer2Error error, string reason)
    {
        _ = Interlocked.Increment(ref _faultsTotal);
        string fault = Describe(reference, reason);
        bool isLast;
        using (_locationsLock.EnterScope())
        {
            Volatile.Write(ref _lastFault, fault);
            if (_locations.Count >= LocationsMax || !_locations.Add((reference.Data.Raw, error))) return;
            isLast = _locations.Count == LocationsMax;
        }
        LogFault(_logger, fault);
        if (isLast) LogSilence(_logger, _volumes.Name, LocationsMax);
    }

    /// <summary>A block is whole again: the next fault of it is logged anew. When it was the last one that is known to
    /// be damaged, there is no last fault any more.</summary>
    public void Forget(in Blockref reference)
    {
        using (_locationsLock.EnterScope())
        {
            if (_locations.Count >= LocationsMax) return;
            foreach (Hammer2Error error in s_blockErrors) _ = _locations.Remove((reference.Data.Raw, error));
            if (_locations.Count == 0) Volatile.Write(ref _lastFault, null);
        }
    }

    /// <summary>Forgets all faults, at a user's word: those that are still there are logged anew when they are met
    /// again.</summary>
    public void Clear()
    {
        using (_locationsLock.EnterScope())
        {
            _locations.Clear();
            Volatile.Write(ref _lastFault, null);
        }
    }

    /// <summary>Logs that a pin has lasted longer than it should, which does not count as a fault of the
    /// device.</summary>
    internal void ReportOverduePin(PinnedRoot pin) => LogOverduePin(
        _logger, _volumes.Name, pin.Purpose, pin.MirrorTid, pin.Since, (long)pin.Bound.TotalSeconds);

    /// <summary>Logs that a part of the freemap was lost.</summary>
    internal void ReportFreemapLost(int zones) => LogFreemapLost(_logger, _volumes.Name, zones);

    /// <summary>Logs that the lost part of the freemap was made anew.</summary>
    internal void ReportFreemapRebuilt(int zones, long freeBytes) =>
        LogFreemapRebuilt(_logger, _volumes.Name, zones, freeBytes);

    /// <summary>Logs that the lost part of the freemap could not be made anew.</summary>
    internal void ReportFreemapUnknown(int zones, Hammer2Error error) =>
        LogFreemapUnknown(_logger, _volumes.Name, zones, error);

    private string Describe(in Blockref reference, string reason)
    {
        DataOffset data = reference.Data;
        bool isOfPfs = Label is not null
            && reference.Type is not (BlockrefType.FreemapNode or BlockrefType.FreemapLeaf);
        string pfs = isOfPfs ? $", PFS {Label}" : "";
        if (data.SizeBytes == 0)
        {
            return reference.IsEmpty
                ? $"{_volumes.Name}: {reason}"
                : $"{_volumes.Name}: {reference.Type} reference{pfs}, key 0x{reference.Key:x}: {reason}";
        }
        string where = _volumes.TryLocate(data.Bytes, out string device, out long offset)
            ? $"{device}: {reference.Type} block at byte {offset} (0x{offset:x}) of the device"
            : $"{_volumes.Name}: {reference.Type} block outside all volumes";
        return $"{where}, offset 0x{data.Bytes:x} of the filesystem{pfs}, {data.SizeBytes} bytes, "
            + $"key 0x{reference.Key:x}: {reason}";
    }

    [LoggerMessage(1, LogLevel.Error, "{Fault}")]
    private static partial void LogFault(ILogger logger, string fault);

    [LoggerMessage(2, LogLevel.Error,
        "{Device}: {Locations} damaged locations reported; further ones are only counted")]
    private static partial void LogSilence(ILogger logger, string device, int locations);

    [LoggerMessage(3, LogLevel.Warning,
        "{Device}: commit {MirrorTid} is held readable for {Purpose} since {Since:u}, longer than {Seconds} s; what "
        + "was deleted since is not freed")]
    private static partial void LogOverduePin(
        ILogger logger, string device, string purpose, ulong mirrorTid, DateTimeOffset since, long seconds);

    [LoggerMessage(4, LogLevel.Warning,
        "{Device}: what is free in {Zones} GiB cannot be read; everything that is in use is looked for, before "
        + "anything is written")]
    private static partial void LogFreemapLost(ILogger logger, string device, int zones);

    [LoggerMessage(5, LogLevel.Warning,
        "{Device}: the freemap of {Zones} GiB was rebuilt from what is in use: {FreeBytes} bytes of them are free")]
    private static partial void LogFreemapRebuilt(ILogger logger, string device, int zones, long freeBytes);

    [LoggerMessage(6, LogLevel.Error,
        "{Device}: the freemap of {Zones} GiB cannot be rebuilt, since not everything that is in use can be read "
        + "({Error}): nothing is allocated there until a bulkfree or `hammer2 fsck --repair` has succeeded")]
    private static partial void LogFreemapUnknown(ILogger logger, string device, int zones, Hammer2Error error);
}
