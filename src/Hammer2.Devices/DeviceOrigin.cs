// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>What a device has its bytes from.</summary>
internal enum OriginKind
{
    /// <summary>It is an image file or a whole disk itself.</summary>
    Itself,

    /// <summary>A partition's disk.</summary>
    Disk,

    /// <summary>A loop device's backing file.</summary>
    BackingFile,
}

/// <summary>
/// The file or disk that the bytes of a device are part of, and which of its bytes they are. It is the same for
/// every way to these bytes: an image file, loop devices over it, their partitions; a disk and its partitions.
/// </summary>
/// <remarks>Device mapper and md devices count as disks: what they are made of is not looked at.</remarks>
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

    /// <summary>What it is.</summary>
    internal FileStatus Status { get; }

    /// <summary>Which of its bytes the device has.</summary>
    internal ByteRange Range { get; }

    /// <summary>What it is to the device.</summary>
    internal OriginKind Kind { get; }

    /// <summary>Finds the origin of an open device.</summary>
    /// <param name="path">The device as it was given.</param>
    /// <param name="status">What it is.</param>
    /// <param name="topology">Where block devices are looked up.</param>
    /// <param name="note">A message when the search ended early; then other ways to the same bytes may have another
    /// origin. Else null.</param>
    /// <returns>As far as it could be followed; null when not even the device can be opened a second time.</returns>
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

    /// <summary>Closes the file or disk, and gives back the locks on it.</summary>
    public void Dispose() => File.Dispose();

    private static string Unknown(string path, string reason) =>
        $"{path}: whether its bytes are in use through another device cannot be told: {reason}";

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
        // All device nodes of a disk share the locks of this one.
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
        // The path may mean something else or nothing here: deleted, or of another mount namespace.
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
        /// <summary>Opens for reading what was found at a path; null when it is not there or forbidden, or was
        /// replaced meanwhile.</summary>
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
