// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>
/// One mount in the system's table: made with mount(2) by root, with <c>fusermount3</c> by anybody else, and
/// taken away the same way. Never opens or stats anything below its target, which would have to be answered
/// by the very process that asks.
/// </summary>
public sealed unsafe partial class FuseMount
{
    // What Linux uses for most block specials itself: with another it would drop what it has cached of one.
    private const string BlockBytes = "4096";

    private readonly bool _usesFuserMount;
    private readonly bool _isOnBlock;
    private readonly string? _deviceNumber;

    private FuseMount(string target, SafeFileHandle device, bool usesFuserMount, bool isOnBlock = false)
    {
        _isOnBlock = isOnBlock;
        Target = target;
        Device = device;
        _usesFuserMount = usesFuserMount;
        _deviceNumber = DeviceNumberAt(target);
    }

    /// <summary>The mount point, absolute and without symbolic links.</summary>
    public string Target { get; }

    /// <summary>The connected descriptor of /dev/fuse; the transport takes it over.</summary>
    public SafeFileHandle Device { get; }

    /// <summary>Refuses a target that cannot be mounted on, before anything else is done for the mount.</summary>
    /// <exception cref="FuseException">There is no directory at that path.</exception>
    public static void CheckTarget(string target)
    {
        // What a dead server left at the path answers no questions, and can be mounted over.
        if (LinuxPath.IsFile(Canonical(target))) throw new FuseException($"{target}: Not a directory");
    }

    /// <summary>Mounts. The kernel then sends INIT, and callers wait until it is answered.</summary>
    /// <exception cref="FuseException">Names the target and the reason.</exception>
    public static FuseMount Create(FuseMountOptions options)
    {
        options = options with { Target = Canonical(options.Target) };
        FuseMount? mount = LinuxCalls.EffectiveUser() == 0 ? MountAsRoot(options) : null;
        mount ??= new FuseMount(options.Target, FuserMount.Mount(options), usesFuserMount: true);
        if (options.ReadAheadBytes is { } readAheadBytes) mount.SetReadAhead(readAheadBytes);
        return mount;
    }

    /// <summary>Mounts on a block special, which nobody may have claimed.</summary>
    /// <returns>Null when the kernel cannot, or must not, mount on one: <see cref="Create"/> may still do.</returns>
    /// <exception cref="FuseException">Names the target and the reason.</exception>
    public static FuseMount? TryCreateOnBlock(FuseMountOptions options)
    {
        ArgumentNullException.ThrowIfNull(options.BlockDevice);
        options = options with { Target = Canonical(options.Target) };
        if (LinuxCalls.EffectiveUser() != 0 || MountAsRoot(options) is not { } mount) return null;
        if (options.ReadAheadBytes is { } readAheadBytes) mount.SetReadAhead(readAheadBytes);
        return mount;
    }

    /// <summary>True while the table of mounts shows this mount topmost at its target.</summary>
    public bool IsMounted => _deviceNumber is not null && DeviceNumberAt(Target) == _deviceNumber;

    /// <summary>
    /// Unmounts. Answers null when the mount is gone, by this call or before it; else why not.
    /// </summary>
    /// <param name="detaches">Takes it out of the table though files are open on it; their users keep the
    /// connection until the session ends.</param>
    public string? Unmount(bool detaches)
    {
        if (!IsMounted) return null;
        if (_usesFuserMount) return FuserMount.Unmount(Target, detaches);
        int flags = LinuxCalls.UnmountNoFollow | (detaches ? LinuxCalls.DetachMount : 0);
        return LinuxCalls.Unmount(Target, flags) == 0
            ? null
            : $"{Target}: {LinuxCalls.Describe(LinuxCalls.LastError)}";
    }

    /// <summary>
    /// Makes the kernel pass on what it has gathered. Asks the mount itself, so that its session must be served by
    /// other threads meanwhile. Answers null, or why not.
    /// </summary>
    public string? PassOnDelayedWrites()
    {
        int descriptor = LinuxCalls.Open(Target, LinuxCalls.OpenCloseOnExec, 0);
        if (descriptor < 0) return LinuxCalls.Describe(LinuxCalls.LastError);
        using var root = new SafeFileHandle(descriptor, ownsHandle: true);
        return LinuxCalls.SyncFileSystem(root) == 0 ? null : LinuxCalls.Describe(LinuxCalls.LastError);
    }

    /// <summary>Unmounts whatever FUSE filesystem is topmost at a path, as root or with the set-user-id
    /// program. Answers null, or why not.</summary>
    public static string? UnmountAt(string path, bool detaches)
    {
        // Resolving the path would ask a server that may be dead, so it is used as it stands; fusermount3
        // resolves the part before the last name only.
        string target = Path.TrimEndingDirectorySeparator(LinuxPath.GetFull(path));
        if (LinuxCalls.EffectiveUser() != 0) return FuserMount.Unmount(target, detaches);
        int flags = LinuxCalls.UnmountNoFollow | (detaches ? LinuxCalls.DetachMount : 0);
        return LinuxCalls.Unmount(target, flags) == 0
            ? null
            : $"{target}: {LinuxCalls.Describe(LinuxCalls.LastError)}";
    }

    /// <summary>The data string of mount(2) for a connected descriptor.</summary>
    internal static string Data(FuseMountOptions options, int descriptor, uint user, uint group)
    {
        // The root's type must be known before anybody can ask for it: a directory.
        string data = string.Create(CultureInfo.InvariantCulture,
            $"fd={descriptor},rootmode=40000,user_id={user},group_id={group}");
        if (options.ChecksPermissions) data += ",default_permissions";
        if (options.AllowsOthers) data += ",allow_other";
        if (options.BlockDevice is not null) data += ",blksize=" + BlockBytes;
        return data;
    }

    /// <summary>
    /// Looks in the text of mountinfo for the topmost mount at a path and answers its device number, as
    /// "0:52"; null when nothing is mounted there.
    /// </summary>
    internal static string? DeviceNumberIn(ReadOnlySpan<byte> mountTable, string target)
    {
        byte[] escaped = ByteText.Encode(EscapeMountPath(target));
        ReadOnlySpan<byte> found = default;
        foreach (Range lineRange in mountTable.Split((byte)'\n'))
        {
            // 36 35 98:0 /root /target options...
            ReadOnlySpan<byte> line = mountTable[lineRange], device = default;
            int column = 0;
            foreach (Range word in line.Split((byte)' '))
            {
                if (column == 2) device = line[word];
                if (column == 4 && line[word].SequenceEqual(escaped)) found = device;
                if (column++ == 4) break;
            }
        }
        return found.IsEmpty ? null : Encoding.UTF8.GetString(found);
    }

    private static string? DeviceNumberAt(string target) =>
        DeviceNumberIn(File.ReadAllBytes("/proc/self/mountinfo"), target);

    // The kernel writes these four characters as octal.
    private static string EscapeMountPath(string path) => path
        .Replace("\\", "\\134", StringComparison.Ordinal)
        .Replace(" ", "\\040", StringComparison.Ordinal)
        .Replace("\t", "\\011", StringComparison.Ordinal)
        .Replace("\n", "\\012", StringComparison.Ordinal);

    private static FuseMount? MountAsRoot(FuseMountOptions options)
    {
        SafeFileHandle device = FuseDeviceTransport.OpenDevice();
        string data = Data(
            options, (int)device.DangerousGetHandle(), LinuxCalls.RealUser(), LinuxCalls.RealGroup());
        bool isOnBlock = options.BlockDevice is not null;
        string type = (isOnBlock ? "fuseblk." : "fuse.") + options.Subtype;
        string source = options.BlockDevice ?? options.Source;
        if (LinuxCalls.Mount(source, options.Target, type, (nuint)(uint)options.Flags, data) == 0)
            return new FuseMount(options.Target, device, usesFuserMount: false, isOnBlock);
        int error = LinuxCalls.LastError;
        device.Dispose();

        // Root of a container that may not mount: the set-user-id program may still be allowed to.
        if (error == FuseErrno.EPERM) return null;
        // Kernels without block layer, or without this part of FUSE, and devices that it does not take.
        if (isOnBlock && error is FuseErrno.ENODEV or FuseErrno.EINVAL or FuseErrno.EACCES) return null;
        throw new FuseException($"{options.Target}: mount: {LinuxCalls.Describe(error)}");
    }

    private void SetReadAhead(int bytes)
    {
        if (_deviceNumber is null) return;
        string path = $"/sys/class/bdi/{_deviceNumber}{(_isOnBlock ? "-fuseblk" : "")}/read_ahead_kb";
        string text = (bytes / 1024).ToString(CultureInfo.InvariantCulture);
        try
        {
            File.WriteAllText(path, text);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            ReadAheadFailure = $"{path}: {failure.Message}";
        }
    }

    /// <summary>The user who mounts, as the table of mounts shows it.</summary>
    public static uint UserId => LinuxCalls.RealUser();

    /// <summary>Why the read-ahead that was asked for could not be set; null when it was.</summary>
    public string? ReadAheadFailure { get; private set; }

    private static string Canonical(string path)
    {
        byte* resolved = ResolvePath(path, null);
        if (resolved is null) throw new FuseException($"{path}: {LinuxCalls.Describe(LinuxCalls.LastError)}");
        string text = ByteText.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(resolved));
        NativeMemory.Free(resolved);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial byte* ResolvePath(string path, byte* resolved);
}
