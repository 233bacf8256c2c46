// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using static Hammer2.Tool.Extract.LinuxFiles;

namespace Hammer2.Tool.Extract;

/// <summary>
/// A directory that files are extracted into, held open. Everything is made relative to it, by one name and
/// without following symbolic links, so that nothing a volume says can lead anywhere else. Methods answer 0
/// or a Linux error number.
/// </summary>
internal sealed unsafe class TargetDirectory : IDisposable
{
    private const int EINTR = 4;
    private const int EACCES = 13;
    private const int EEXIST = 17;
    private const int TargetBytesMax = 65536;
    private const uint Private = 0x1C0; // rwx for the owner alone, while the directory is being filled

    private readonly int _descriptor;

    private TargetDirectory(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens the directory that the user named, made if it is missing.</summary>
    public static int Open(byte[] path, out TargetDirectory? directory)
    {
        directory = null;
        fixed (byte* name = Terminated(path))
        {
            if (mkdirat(AtCurrentDirectory, name, Private) != 0 && LastError() != EEXIST) return LastError();
            int descriptor = openat(AtCurrentDirectory, name, LinuxFiles.OpenDirectory | OpenCloseOnExec, 0);
            if (descriptor < 0) return LastError();
            directory = new TargetDirectory(descriptor);
            return 0;
        }
    }

    /// <summary>Opens a directory in this one, made if it is missing, so that it can be filled.</summary>
    public int OpenDirectory(byte[] name, out TargetDirectory? directory)
    {
        directory = null;
        fixed (byte* text = Terminated(name))
        {
            if (mkdirat(_descriptor, text, Private) != 0 && LastError() != EEXIST) return LastError();
            const int Flags = LinuxFiles.OpenDirectory | OpenNoFollow | OpenCloseOnExec;
            int descriptor = openat(_descriptor, text, Flags, 0);
            int error = descriptor < 0 ? LastError() : 0;
            if (error == EACCES && Status(name, out FileStatus status) == 0 && status.Type == 0x4000)
            {
                // An earlier run has given it the permissions that it has on the volume, which are none.
                if (fchmodat(_descriptor, text, Private, 0) != 0) return LastError();
                descriptor = openat(_descriptor, text, Flags, 0);
                error = descriptor < 0 ? LastError() : 0;
            }
            if (error != 0) return error;
            directory = new TargetDirectory(descriptor);
            return directory.SetMode(Private);
        }
    }

    /// <summary>What a name is, itself and not what it leads to.</summary>
    public int Status(byte[] name, out FileStatus status)
    {
        fixed (byte* text = Terminated(name))
        fixed (FileStatus* pointer = &status)
            return Result(statx(_descriptor, text, AtSymlinkNoFollow, StatxBasic, pointer));
    }

    /// <summary>Makes a file that was not there.</summary>
    public int CreateFile(byte[] name, out TargetFile? file)
    {
        file = null;
        fixed (byte* text = Terminated(name))
        {
            const int Flags = OpenWriteOnly | OpenCreate | OpenExclusive | OpenNoFollow | OpenCloseOnExec;
            int descriptor = openat(_descriptor, text, Flags, 0x180);
            if (descriptor < 0) return LastError();
            file = new TargetFile(descriptor);
            return 0;
        }
    }

    /// <summary>Makes a symbolic link.</summary>
    public int CreateLink(byte[] name, byte[] target)
    {
        fixed (byte* text = Terminated(name))
        fixed (byte* to = Terminated(target))
            return Result(symlinkat(to, _descriptor, text));
    }

    /// <summary>True when a symbolic link leads where it should.</summary>
    public bool LeadsTo(byte[] name, byte[] target)
    {
        byte[] found = new byte[TargetBytesMax];
        fixed (byte* text = Terminated(name))
        fixed (byte* buffer = found)
        {
            nint length = readlinkat(_descriptor, text, buffer, found.Length);
            return length >= 0 && found.AsSpan(0, (int)length).SequenceEqual(target);
        }
    }

    /// <summary>Gives a file of another directory of the same target a second name.</summary>
    public int CreateHardLink(TargetDirectory top, byte[] path, byte[] name)
    {
        fixed (byte* from = Terminated(path))
        fixed (byte* text = Terminated(name))
            return Result(linkat(top._descriptor, from, _descriptor, text, 0));
    }

    /// <summary>Makes a FIFO, socket or device.</summary>
    public int CreateSpecial(byte[] name, uint type, ulong device)
    {
        fixed (byte* text = Terminated(name))
            return Result(mknodat(_descriptor, text, type | 0x180, device));
    }

    /// <summary>Takes a name away that is not a directory.</summary>
    public int Remove(byte[] name)
    {
        fixed (byte* text = Terminated(name)) return Result(unlinkat(_descriptor, text, 0));
    }

    /// <summary>Sets the owner of a name.</summary>
    public int SetOwner(byte[] name, uint user, uint group)
    {
        fixed (byte* text = Terminated(name))
            return Result(fchownat(_descriptor, text, user, group, AtSymlinkNoFollow));
    }

    /// <summary>Sets the permissions of a name that was just made and is no symbolic link.</summary>
    public int SetMode(byte[] name, uint mode)
    {
        fixed (byte* text = Terminated(name)) return Result(fchmodat(_descriptor, text, mode, 0));
    }

    /// <summary>Sets the times of a name.</summary>
    public int SetTimes(byte[] name, ulong access, ulong modify)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        times[0] = TimeSpec.OfMicroseconds(access);
        times[1] = TimeSpec.OfMicroseconds(modify);
        fixed (byte* text = Terminated(name))
            return Result(utimensat(_descriptor, text, times, AtSymlinkNoFollow));
    }

    /// <summary>Sets the owner of the directory itself.</summary>
    public int SetOwner(uint user, uint group)
    {
        byte empty = 0;
        return Result(fchownat(_descriptor, &empty, user, group, AtEmptyPath));
    }

    /// <summary>Sets the permissions of the directory itself.</summary>
    public int SetMode(uint mode)
    {
        fixed (byte* dot = "."u8) return Result(fchmodat(_descriptor, dot, mode, 0));
    }

    /// <summary>Sets the times of the directory itself.</summary>
    public int SetTimes(ulong access, ulong modify) => SetTimes("."u8.ToArray(), access, modify);

    /// <inheritdoc/>
    public void Dispose() => _ = close(_descriptor);

    private static byte[] Terminated(byte[] text) => [.. text, 0];

    private static int Result(int result) => result == 0 ? 0 : LastError();

    private static int LastError() => Marshal.GetLastPInvokeError();

    /// <summary>A file being written.</summary>
    internal sealed class TargetFile(int descriptor) : IDisposable
    {
        /// <summary>Writes all bytes at a position.</summary>
        public int Write(ulong position, ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                nint written;
                fixed (byte* source = bytes) written = pwrite(descriptor, source, bytes.Length, (long)position);
                if (written < 0)
                {
                    if (LastError() == EINTR) continue;
                    return LastError();
                }
                bytes = bytes[(int)written..];
                position += (ulong)written;
            }
            return 0;
        }

        /// <summary>Sets the size; what was not written is a hole.</summary>
        public int SetSize(ulong size) => Result(ftruncate(descriptor, (long)size));

        /// <inheritdoc/>
        public void Dispose() => _ = close(descriptor);
    }
}
