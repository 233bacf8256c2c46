// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>How far a bulkfree is: bytes that its passes have reached, of those that are allocated on all its devices,
/// once for each pass. What is allocated and not reached counts at the end of the pass.</summary>
/// <param name="report">Receives the bytes so far and their total; neither ever goes back.</param>
internal sealed class BulkfreeMeter(Action<long, long> report)
{
    private long _totalBytes;
    private long _doneBytes;        // of ended passes of a device
    private long _passBytes;        // of the pass at hand
    private long _expectedBytes;

    /// <summary>One more pass over a device is to come.</summary>
    /// <param name="allocatedBytes">Bytes that are allocated on it.</param>
    public void Expect(long allocatedBytes) => _totalBytes += allocatedBytes;

    /// <summary>A pass over a device begins.</summary>
    /// <param name="allocatedBytes">As it was expected.</param>
    public void Begin(long allocatedBytes) => (_passBytes, _expectedBytes) = (0, allocatedBytes);

    /// <summary>A granule was reached for the first time in this pass.</summary>
    public void Reach(int granules)
    {
        if (granules == 0) return;
        _passBytes += granules * Media.GranuleBytes;
        report(_doneBytes + Math.Min(_passBytes, _expectedBytes), _totalBytes);
    }

    /// <summary>The pass over the device has ended.</summary>
    public void End()
    {
        _doneBytes += _expectedBytes;
        report(_doneBytes, _totalBytes);
    }
}
