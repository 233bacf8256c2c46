// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices.Claims;

/// <summary>Reads and writes the writer mark of a volume, and refuses a volume that another writer has.</summary>
internal static class VolumeMarks
{
    /// <summary>Reads the mark.</summary>
    /// <param name="device">The volume.</param>
    /// <param name="filesystemId">Its filesystem.</param>
    /// <param name="mark">Null when there is none.</param>
    internal static Hammer2Error Read(IBlockDevice device, in MediaUuid filesystemId, out WriterMark? mark)
    {
        Span<byte> bytes = stackalloc byte[WriterMark.SizeBytes];
        Hammer2Error error = device.Read(Media.WriterMarkOffset, bytes);
        mark = error == Hammer2Error.None ? WriterMark.Decode(bytes, filesystemId) : null;
        return error;
    }

    /// <summary>Writes a mark and makes it durable.</summary>
    internal static Hammer2Error Write(IBlockDevice device, WriterMark mark)
    {
        Span<byte> bytes = stackalloc byte[WriterMark.SizeBytes];
        mark.Encode(bytes);
        Hammer2Error error = device.Write(Media.WriterMarkOffset, bytes);
        return error == Hammer2Error.None ? device.Flush() : error;
    }

    /// <summary>Returns when no other writer has the volume. Where its mark names one, the mark is watched.</summary>
    /// <param name="device">The volume.</param>
    /// <param name="filesystemId">Its filesystem.</param>
    /// <param name="options">The writer, and how it waits.</param>
    /// <param name="logger">Learns that a volume is watched.</param>
    /// <exception cref="DeviceBusyException">Another writer has it.</exception>
    /// <returns>The mark of a writer that is gone; null for none.</returns>
    /// <remarks>A mark that cannot be read names no writer.</remarks>
    internal static WriterMark? RefuseOthers(
        IBlockDevice device, in MediaUuid filesystemId, ClaimOptions options, ILogger logger)
    {
        _ = Read(device, filesystemId, out WriterMark? before);
        if (before is null || before.Fields.State == WriterMarkState.Free) return null;
        bool isOwn = options.Writer.IsOwn(before);
        if (isOwn && before.Fields.State == WriterMarkState.Contested) throw Contested(device);
        if (isOwn) return null;
        if (options.Writer.IsGone(before, options.IsRunning)) return before;
        DevicesLog.ClaimWatched(logger, device.Name, Describe(before), ClaimOptions.WatchTime.TotalSeconds);
        options.Scheduler.Pause(ClaimOptions.WatchTime);
        _ = Read(device, filesystemId, out WriterMark? after);
        if (after is null || after.Fields.State == WriterMarkState.Free) return null;
        if (after.Fields.WriterId != before.Fields.WriterId || after.Fields.Sequence != before.Fields.Sequence)
            throw new DeviceBusyException(device.Name, "is being written by " + Describe(after));
        DevicesLog.ClaimTakenOver(logger, device.Name, Describe(after));
        return after;
    }

    /// <summary>The same for a device whose locks keep other writers of this machine away: a mark that a writer left
    /// behind is made free.</summary>
    /// <exception cref="DeviceBusyException">A writer on another machine has it.</exception>
    internal static void RefuseRemote(
        IBlockDevice device, in MediaUuid filesystemId, ClaimOptions options, ILogger logger)
    {
        if (RefuseOthers(device, filesystemId, options, logger) is not { } left) return;
        left.Fields.State = WriterMarkState.Free;
        if (Write(device, left) != Hammer2Error.None)
            DevicesLog.Note(logger, $"{device.Name}: the mark of a writer cannot be written");
    }

    /// <summary>The writer of a mark, for people.</summary>
    internal static string Describe(WriterMark mark) => string.Create(CultureInfo.InvariantCulture,
        $"process {mark.Fields.ProcessId} of {mark.Host}, since "
        + $"{DateTimeOffset.UnixEpoch.AddMicroseconds(mark.Fields.BegunMicroseconds):yyyy-MM-dd HH:mm:ss} UTC");

    private static DeviceBusyException Contested(IBlockDevice device) => new(device.Name,
        "was given up because another program wrote to it meanwhile; unmount it everywhere, and check it with fsck");
}
