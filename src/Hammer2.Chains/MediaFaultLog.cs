// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Chains;

/// <summary>
/// Counts the faults of one device and says each once: where, through which reference, what was wrong. A
/// rotten disk that is read in a loop must not fill the journal, so places are remembered up to a bound and
/// then only counted.
/// </summary>
public sealed partial class MediaFaultLog
{
    private const int PlacesMax = 4096;

    private readonly string _device;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly HashSet<(ulong, Hammer2Error)> _places = [];
    private long _faultsTotal;

    /// <summary>A log for the device called <paramref name="device"/>.</summary>
    public MediaFaultLog(string device, ILogger logger)
    {
        _device = device;
        _logger = logger;
    }

    /// <summary>Faults met so far, repeated ones included.</summary>
    public long FaultsTotal => Volatile.Read(ref _faultsTotal);

    /// <summary>Takes note of a fault of the block that <paramref name="reference"/> leads to.</summary>
    internal void Report(in Blockref reference, Hammer2Error error, string reason)
    {
        _ = Interlocked.Increment(ref _faultsTotal);
        bool isLast;
        lock (_gate)
        {
            if (_places.Count >= PlacesMax || !_places.Add((reference.Data.Raw, error))) return;
            isLast = _places.Count == PlacesMax;
        }
        DataOffset place = reference.Data;
        LogFault(_logger, _device, reference.Type, place.Bytes, place.SizeBytes, reference.Key, reason);
        if (isLast) LogSilence(_logger, _device, PlacesMax);
    }

    [LoggerMessage(1, LogLevel.Error,
        "{Device}: {Type} at 0x{Address:x} ({SizeBytes} bytes, key 0x{Key:x}): {Reason}")]
    private static partial void LogFault(
        ILogger logger, string device, BlockrefType type, ulong address, int sizeBytes, ulong key,
        string reason);

    [LoggerMessage(2, LogLevel.Error,
        "{Device}: {Places} damaged places reported; further ones are only counted")]
    private static partial void LogSilence(ILogger logger, string device, int places);
}
