// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Threading;
using Concurrency;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>
/// The upkeep record of a filesystem: read when it is opened for writing, changed in memory, and written now and then
/// beside the commits.
/// </summary>
/// <remarks>
/// It is no part of a commit and needs no barrier: of its two copies the older one is overwritten, and one that is torn
/// does not count. What was counted since the last write is lost when power fails. Lock: rank 75, held for one write.
/// </remarks>
public sealed class Upkeep
{
    private readonly RankedLock _lock = new(LockRank.Upkeep);
    private readonly VolumeSet _volumes;
    private readonly DeviceFence _fence;
    private readonly TimeProvider _time;
    private int _isScrubbed;
    private readonly UpkeepRecord _record;
    private readonly DeviceErrorCounts[] _saved = new DeviceErrorCounts[Media.VolumesMax];
    private long _savedAt;

    internal Upkeep(VolumeSet volumes, DeviceFence fence, TimeProvider time)
    {
        _volumes = volumes;
        _fence = fence;
        _time = time;
        _savedAt = time.GetTimestamp();
        _record = UpkeepRecords.Read(Device, volumes.FilesystemId);
    }

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(30);

    private IBlockDevice Device => _volumes.Volumes[0].Device;

    /// <summary>The record as it is now, with the errors counted since it was written.</summary>
    public UpkeepRecord Current
    {
        get
        {
            using (_lock.EnterScope())
            {
                UpkeepRecord copy = _record.Copy();
                foreach (Volume volume in _volumes.Volumes) copy.Errors[volume.Index] += volume.Errors.Counts;
                return copy;
            }
        }
    }

    /// <summary>Changes the record, and writes it.</summary>
    /// <param name="change">Changes the fields and the places; not the counters.</param>
    /// <returns>None; the error that fenced the device.</returns>
    public Hammer2Error Update(Action<UpkeepRecord> change)
    {
        using (_lock.EnterScope())
        {
            change(_record);
            return Write();
        }
    }

    /// <summary>Changes the record in memory: the next write has it.</summary>
    public void Change(Action<UpkeepRecord> change)
    {
        using (_lock.EnterScope()) change(_record);
    }

    /// <summary>Begins a scrub; <see cref="EndScrub"/> must follow.</summary>
    /// <returns>False while another one runs.</returns>
    public bool TryBeginScrub() => Interlocked.Exchange(ref _isScrubbed, 1) == 0;

    /// <summary>Ends it.</summary>
    public void EndScrub() => Volatile.Write(ref _isScrubbed, 0);

    /// <summary>Notes that bulkfree has come to its end.</summary>
    /// <remarks>An error fences the device, as the next writer learns.</remarks>
    public void NoteBulkfree() => _ = Update(
        record => record.Fields.BulkfreeMicroseconds = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1000);

    /// <summary>Sets the error counters to zero.</summary>
    /// <returns>As <see cref="Update"/>.</returns>
    public Hammer2Error ClearErrors()
    {
        using (_lock.EnterScope())
        {
            foreach (Volume volume in _volumes.Volumes)
                _record.Errors[volume.Index] = default(DeviceErrorCounts) - volume.Errors.Counts;
            _record.Fields.ClearedMicroseconds = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
            return Write();
        }
    }

    /// <summary>Writes the record when errors were counted since the last time.</summary>
    /// <param name="isLast">True to write at once; else not more often than every 30 s.</param>
    /// <remarks>An error fences the device, as the next writer learns.</remarks>
    internal void SaveErrors(bool isLast)
    {
        using (_lock.EnterScope())
        {
            bool isSaved = true;
            foreach (Volume volume in _volumes.Volumes) isSaved &= volume.Errors.Counts == _saved[volume.Index];
            if (isSaved || (!isLast && _time.GetElapsedTime(_savedAt) < s_interval)) return;
            _ = Write();
        }
    }

    /// <summary>Adds what was counted and could not be written, since the device was fenced, to the counters of the
    /// same volumes as they were opened anew.</summary>
    public void HandOver(VolumeSet opened)
    {
        using (_lock.EnterScope())
        {
            foreach (Volume volume in _volumes.Volumes)
            {
                if (volume.Index < opened.Volumes.Count)
                    opened.Volumes[volume.Index].Errors.Add(volume.Errors.Counts - _saved[volume.Index]);
            }
        }
    }

    private Hammer2Error Write()
    {
        _savedAt = _time.GetTimestamp();
        UpkeepRecord whole = _record.Copy();
        DeviceErrorCounts[] counts = [.. _volumes.Volumes.Select(static volume => volume.Errors.Counts)];
        for (int i = 0; i < counts.Length; i++) whole.Errors[i] += counts[i];
        byte[] bytes = new byte[UpkeepRecord.SizeBytes];
        long offset = UpkeepRecords.EncodeNext(whole, _volumes.FilesystemId, bytes);
        _record.Fields.Sequence = whole.Fields.Sequence;
        Hammer2Error error = _fence.Run(
            (Device, offset, bytes), static work => work.Device.Write(work.offset, work.bytes));
        if (error == Hammer2Error.None) counts.CopyTo(_saved, 0);
        return error;
    }
}
