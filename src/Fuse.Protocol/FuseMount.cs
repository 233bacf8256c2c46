// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>
/// One mount in the system's mount table: created with mount(2) by root, with <c>fusermount3</c> by other users, and
/// unmounted the same way. Never opens or stats anything below its target, since this very process would have to serve
/// it.
/// </summary>
public sealed unsafe partial class FuseMount
{
    // The block size that Linux uses for most block devices: with another one it would drop the device's page cache.
    private const string BlockBytes = "4096";

    private const int BusyWaitMilliseconds = 3000;
    private const int BusyPollMilliseconds = 20;

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

    /// <summary>The connected descriptor of /dev/fuse; the transport becomes its owner.</summary>
    public SafeFileHandle Device { get; }

    /// <summary>Checks that a target can be mounted on, before anything else is done for the mount.</summary>
    /// <exception cref="FuseException">There is no directory at that path.</exception>
    public static void CheckTarget(string target)
    {
        // The mount of a dead server returns an error for stat, but can be mounted over.
        if (LinuxPath.IsFile(Canonical(target))) throw new FuseException($"{target}: Not a directory");
    }

    /// <summary>Mounts. The kernel then sends INIT, and all access to the mount waits for the reply.</summary>
    /// <exception cref="FuseException">Names the target and the reason.</exception>
    public static FuseMount Create(FuseMountOptions options)
    {
        options = options with { Target = Canonical(options.Target) };
        FuseMount? mount = null;
        if (LinuxCalls.EffectiveUser() == 0)
        {
            mount = MountAsRoot(options, out int error);
            // Root in a container may not be allowed to mount, but the set-user-id program may be.
            if (mount is null && error != FuseErrno.EPERM) throw MountFailed(options, error);
        }
        mount ??= new FuseMount(options.Target, FuserMount.Mount(options), usesFuserMount: true);
        return mount;
    }

    /// <summary>Mounts with a block device as source (fuseblk). A process that claims the device for a moment, to find
    /// out that it is locked, is waited for.</summary>
    /// <returns>Null when the kernel cannot, or must not, do that: <see cref="Create"/> may still succeed.</returns>
    /// <exception cref="FuseException">Names the target and the reason.</exception>
    public static FuseMount? TryCreateOnBlock(FuseMountOptions options)
    {
        ArgumentNullException.ThrowIfNull(options.BlockDevice);
        options = options with { Target = Canonical(options.Target) };
        if (LinuxCalls.EffectiveUser() != 0) return null;
        FuseMount? mount = MountAsRoot(options, out int error);
        for (int waited = 0; mount is null && error == FuseErrno.EBUSY && waited < BusyWaitMilliseconds;
            waited += BusyPollMilliseconds)
        {
            // The kernel does not tell when the claim is released.
            options.Scheduler.Pause(TimeSpan.FromMilliseconds(BusyPollMilliseconds));
            mount = MountAsRoot(options, out error);
        }
        // Kernels without block layer or without fuseblk, devices that fuseblk does not accept, and claimed ones.
        bool mayCreateElse = mount is not null || error is FuseErrno.EPERM or FuseErrno.ENODEV or FuseErrno.EINVAL
            or FuseErrno.EACCES or FuseErrno.EBUSY;
        return mayCreateElse ? mount : throw MountFailed(options, error);
    }

    /// <summary>True while the mount table shows this mount topmost at its target.</summary>
    public bool IsMounted => _deviceNumber is not null && DeviceNumberAt(Target) == _deviceNumber;

    /// <summary>The number of filesystems that are mounted on directories of this one, in the mount namespace of this
    /// process.</summary>
    public int CountBelow() => CountBelow(File.ReadAllBytes("/proc/self/mountinfo"), Target);

    /// <summary>
    /// Unmounts. Returns null when the mount was removed, by this call or before it; otherwise the error.
    /// </summary>
    /// <param name="detaches">True to detach the mount although files are open (MNT_DETACH); open files stay connected
    /// until the session ends.</param>
    public string? Unmount(bool detaches)
    {
        if (!IsMounted) return null;
        if (_usesFuserMount) return FuserMount.Unmount(Target, detaches);
        int flags = LinuxCalls.UnmountNoFollow | (detaches ? LinuxCalls.DetachMount : 0);
        return LinuxCalls.Unmount(Target, flags) == 0
            ? null
            : $"{Target}: {LinuxCalls.Describe(LinuxCalls.LastError)}";
    }

    /// <summary>Changes the flags of the mount. Before it becomes read-only the kernel writes back dirty pages, so that
    /// other threads must serve its session meanwhile.</summary>
    /// <returns>0; EBUSY when files are open for writing; EPERM when a user mounted it; ENODEV when another mount is
    /// over it; the error of mount(2).</returns>
    public int Remount(FuseMountFlags flags)
    {
        if (_usesFuserMount) return FuseErrno.EPERM;
        if (!IsMounted) return FuseErrno.ENODEV;
        int result = LinuxCalls.Mount("none", Target, "none", (nuint)flags | LinuxCalls.RemountFlag, "");
        return result == 0 ? FuseErrno.None : LinuxCalls.LastError;
    }

    /// <summary>
    /// Makes the kernel write back dirty pages (syncfs). This sends requests to the mount, so other threads must serve
    /// its session meanwhile. Returns null, or the error.
    /// </summary>
    public string? PassOnDelayedWrites()
    {
        int descriptor = LinuxCalls.Open(Target, LinuxCalls.OpenCloseOnExec, 0);
        if (descriptor < 0) return LinuxCalls.Describe(LinuxCalls.LastError);
        using var root = new SafeFileHandle(descriptor, ownsHandle: true);
        return LinuxCalls.SyncFileSystem(root) == 0 ? null : LinuxCalls.Describe(LinuxCalls.LastError);
    }

    /// <summary>Unmounts the topmost FUSE filesystem at a path, as root or with the set-user-id program. Returns null,
    /// or the error.</summary>
    public static string? UnmountAt(string path, bool detaches)
    {
        // Resolving the path would send requests to a server that may be dead, so it is used unresolved; fusermount3
        // resolves only the part before the last name.
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
        // The kernel needs the type of the root before the first request: a directory.
        string data = string.Create(CultureInfo.InvariantCulture,
            $"fd={descriptor},rootmode=40000,user_id={user},group_id={group}");
        if (options.ChecksPermissions) data += ",default_permissions";
        if (options.AllowsOthers) data += ",allow_other";
        if (options.BlockDevice is not null) data += ",blksize=" + BlockBytes;
        return data;
    }

    /// <summary>
    /// Searches the text of mountinfo for the topmost mount at a path and returns its device number, as "0:52"; null
    /// when nothing is mounted there.
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

    /// <summary>The number of mounts below a path in the text of mountinfo.</summary>
    internal static int CountBelow(ReadOnlySpan<byte> mountTable, string target)
    {
        byte[] prefix = ByteText.Encode(EscapeMountPath(target) + "/");
        int total = 0;
        foreach (Range lineRange in mountTable.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = mountTable[lineRange];
            int column = 0;
            foreach (Range word in line.Split((byte)' '))
            {
                if (column == 4 && line[word].StartsWith(prefix)) total++;
                if (column++ == 4) break;
            }
        }
        return total;
    }

    private static string? DeviceNumberAt(string target) =>
        DeviceNumberIn(File.ReadAllBytes("/proc/self/mountinfo"), target);

    // The kernel escapes these four characters as octal.
    private static string EscapeMountPath(string path) => path
        .Replace("\\", "\\134", StringComparison.Ordinal)
        .Replace(" ", "\\040", StringComparison.Ordinal)
        .Replace("\t", "\\011", StringComparison.Ordinal)
        .Replace("\n", "\\012", StringComparison.Ordinal);

    private static FuseException MountFailed(FuseMountOptions options, int error) =>
        new($"{options.Target}: mount: {LinuxCalls.Describe(error)}");

    // Null, and the error number, when the kernel does not mount.
    private static FuseMount? MountAsRoot(FuseMountOptions options, out int error)
    {
        error = FuseErrno.None;
        SafeFileHandle device = FuseDeviceTransport.OpenDevice();
        string data = Data(
            options, (int)device.DangerousGetHandle(), LinuxCalls.RealUser(), LinuxCalls.RealGroup());
        bool isOnBlock = options.BlockDevice is not null;
        string type = (isOnBlock ? "fuseblk." : "fuse.") + options.Subtype;
        string source = options.BlockDevice ?? options.Source;
        if (LinuxCalls.Mount(source, options.Target, type, (nuint)(uint)options.Flags, data) == 0)
            return new FuseMount(options.Target, device, usesFuserMount: false, isOnBlock);
        error = LinuxCalls.LastError;
        device.Dispose();
        return null;
    }

    /// <summary>Sets how far the kernel reads ahead, which only root can. Comes after INIT was answered: the kernel
    /// lowers it then to what it offered itself.</summary>
    /// <param name="bytes">At least 0; the kernel counts in KiB.</param>
    /// <returns>Why it was not set; null when it was.</returns>
    public string? SetReadAhead(int bytes)
    {
        if (_deviceNumber is null) return null;
        string path = $"/sys/class/bdi/{_deviceNumber}{(_isOnBlock ? "-fuseblk" : "")}/read_ahead_kb";
        string text = (bytes / 1024).ToString(CultureInfo.InvariantCulture);
        try
        {
            File.WriteAllText(path, text);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"{path}: {failure.Message}";
        }
    }

    /// <summary>The mounting user, as shown in the mount table.</summary>
    public static uint UserId => LinuxCalls.RealUser();

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
