// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>The kind of storage that a device is part of.</summary>
internal enum OriginKind
{
    /// <summary>The device is an image file or a whole disk itself.</summary>
    Itself,

    /// <summary>A partition's disk.</summary>
    Disk,

    /// <summary>A loop device's backing file.</summary>
    BackingFile,
}

/// <summary>
/// The file or disk that a device is part of, and the range of its bytes that the device covers. It is the same for all
/// devices that share these bytes: an image file, loop devices over it, their partitions; a disk and its partitions.
/// </summary>
/// <remarks>Device mapper and md devices count as disks: their component devices are not examined.</remarks>
internal sealed class DeviceOrigin : IDisposable
{
    private const int LevelsMax = 8;

    private DeviceOrigin(Level level, OriginKind kind)
    {
        (Path, File, Status, Range) = (level.Path, level.File, level.Status, level.Range);
        Kind = kind;
    }

    /// <summary>A path of the file or disk.</summary>
    internal string Path { get; }

    /// <summary>The file or disk, open for reading.</summary>
    internal SafeFileHandle File { get; }

    /// <summary>Type, identity and size of that file or disk.</summary>
    internal FileStatus Status { get; }

    /// <summary>The range of its bytes that the device covers.</summary>
    internal ByteRange Range { get; }

    /// <summary>Whether it is the device itself, its disk or its backing file.</summary>
    internal OriginKind Kind { get; }

    /// <summary>Finds the origin of an open device.</summary>
    /// <param name="path">The device as it was given.</param>
    /// <param name="status">Type and identity of the device.</param>
    /// <param name="topology">The source of facts about block devices.</param>
    /// <param name="note">A message when the search ended early, so that other devices with the same bytes may have
    /// another origin; otherwise null.</param>
    /// <returns>The origin as far as it could be followed; null when the device itself cannot be opened a second
    /// time.</returns>
    internal static DeviceOrigin? Find(string path, FileStatus status, BlockTopology topology, out string? note)
    {
        note = null;
        OriginKind kind = OriginKind.Itself;
        if (Level.TryOpen(path, status, ByteRange.Whole) is not { } level)
        {
            note = Unknown(path, LinuxBlockIoctls.Describe(LinuxBlockIoctls.LastError));
            return null;
        }
        for (int depth = 0; depth < LevelsMax && level.Status.IsBlock; depth++)
        {
            Step step = NextOf(level, topology);
            if (step.Failure is not null) note = Unknown(path, step.Failure);
            if (step.Next is not { } next) break;
            level.File.Dispose();
            level = next;
            if (step.Kind != OriginKind.Itself) kind = step.Kind;
        }
        return new DeviceOrigin(level, kind);
    }

    /// <summary>Closes the file or disk, which releases the locks on it.</summary>
    public void Dispose() => File.Dispose();

    private static string Unknown(string path, string reason) =>
        $"{path}: cannot determine whether its bytes are in use through another device: {reason}";

    private static Step NextOf(Level level, BlockTopology topology)
    {
        BlockFacts? facts = topology.Describe(level.Status.Special);
        if (facts is { Disk: { } disk } partition)
            return StepToDisk(level, partition.DiskRange, disk, topology);
        bool isLoop = LinuxBlockIoctls.TryGetLoopStatus(level.File, out LoopStatus loop);
        if (isLoop && (facts is not null || loop.IsOf(level.Status.Special)))
            return StepToBackingFile(level, loop, facts?.BackingFile ?? loop.FileName);
        if (facts is not { } whole) return new(null, default, topology.Absence ?? $"{level.Path} is not in /sys");
        if (whole.Node == level.Path) return default;
        // A lock on the kernel's own node of a disk is seen through all its device nodes.
        return Level.TryOpen(whole.Node, level.Status, level.Range) is { } next
            ? new(next, OriginKind.Itself, null)
            : new(null, default, $"{whole.Node} is not the device node of {level.Path}");
    }

    private static Step StepToDisk(Level level, ByteRange range, DeviceNumber disk, BlockTopology topology)
    {
        if (topology.Describe(disk) is not { } facts)
            return new(null, default, $"{level.Path} is a partition of a disk that is not in /sys");
        bool isThere = LinuxBlockIoctls.TryStat(facts.Node, out FileStatus status);
        if (isThere && (!status.IsBlock || status.Special != disk))
            return new(null, default, $"{facts.Node} is not the disk of {level.Path}");
        return isThere && Level.TryOpen(facts.Node, status, level.Range.Within(range)) is { } next
            ? new(next, OriginKind.Disk, null)
            : new(null, default, $"{facts.Node}: {LinuxBlockIoctls.Describe(LinuxBlockIoctls.LastError)}");
    }

    private static Step StepToBackingFile(Level level, LoopStatus loop, string path)
    {
        // The path may be deleted, or belong to another mount namespace.
        if (!LinuxBlockIoctls.TryStat(path, out FileStatus status) || !loop.IsBackedBy(status))
            return new(null, default, $"{path}, the backing file of {level.Path}, is not reachable under that name");
        ByteRange range = level.Range.Within(ByteRange.At(loop.Offset, loop.SizeLimit));
        return Level.TryOpen(path, status, range) is { } next
            ? new(next, OriginKind.BackingFile, null)
            : new(null, default, $"{path}: {LinuxBlockIoctls.Describe(LinuxBlockIoctls.LastError)}");
    }

    private readonly record struct Step(Level? Next, OriginKind Kind, string? Failure);

    private sealed record Level(string Path, SafeFileHandle File, FileStatus Status, ByteRange Range)
    {
        /// <summary>Opens the file or device at a path for reading; null when that fails, or when it is not the
        /// expected one.</summary>
        internal static Level? TryOpen(string path, FileStatus expected, ByteRange range)
        {
            SafeFileHandle? file = LinuxBlockIoctls.TryOpen(path, LinuxBlockIoctls.OpenReadOnly);
            if (file is null) return null;
            if (LinuxBlockIoctls.TryStat(file, out FileStatus opened) && opened.Identity == expected.Identity)
                return new Level(path, file, opened, range);
            file.Dispose();
            return null;
        }
    }
}
