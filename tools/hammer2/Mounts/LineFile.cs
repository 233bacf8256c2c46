// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Populate;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>A file of the directory <c>.hammer2</c> of a mount that is read on line by line.</summary>
internal sealed unsafe class LineFile : IDisposable
{
    private const int NoEntry = 2;                  // ENOENT
    private const int Interrupted = 4;              // EINTR
    private const short CanRead = 1;                // POLLIN
    private const int PieceBytes = 1 << 16;

    private readonly int _descriptor;
    private readonly List<byte> _begun = [];
    private readonly Queue<string> _lines = [];
    private bool _hasEnded;

    private LineFile(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens one, at the oldest line that is left.</summary>
    /// <param name="directory">The mount, or a directory in it.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="absence">What it means that there is no such file.</param>
    /// <exception cref="CommandException">It is not in a mount of HAMMER2, or the caller may not ask.</exception>
    public static LineFile Open(string directory, string name, string absence)
    {
        if (!MountHandle.IsInMount(directory))
            throw new CommandException(ExitCode.CannotOpen, $"{directory}: is not in a HAMMER2 mount");
        string path = MountRoot.Of(directory) + "/.hammer2/" + name;
        int error = SourceFiles.Open(
            LinuxFiles.AtCurrentDirectory, ByteText.Encode(path), isDirectory: false, out int descriptor);
        if (error == NoEntry) throw new CommandException(ExitCode.CannotOpen, $"{path}: {absence}");
        return error == 0
            ? new LineFile(descriptor)
            : throw new CommandException(ExitCode.CannotOpen, $"{path}: {LinuxFiles.Describe(error)}");
    }

    /// <summary>The next line; null when there is none now.</summary>
    public string? Next()
    {
        if (_lines.Count == 0) Read();
        return _lines.TryDequeue(out string? line) ? line : null;
    }

    /// <summary>Waits for the next line.</summary>
    /// <returns>False when the mount has ended.</returns>
    public bool Wait()
    {
        if (_hasEnded) return false;
        var entry = new LinuxFiles.PollEntry { Descriptor = _descriptor, Wanted = CanRead };
        _ = LinuxFiles.poll(&entry, 1, -1);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => SourceFiles.Close(_descriptor);

    private void Read()
    {
        byte[] piece = new byte[PieceBytes];
        nint count;
        int error;
        do
        {
            fixed (byte* first = piece) count = LinuxFiles.read(_descriptor, first, PieceBytes);
            error = Marshal.GetLastPInvokeError();
        }
        while (count < 0 && error == Interrupted);
        // Reads fail for good once the mount is gone.
        if (count < 0)
        {
            _hasEnded = true;
            return;
        }
        foreach (byte one in piece.AsSpan(0, (int)count))
        {
            if (one != '\n')
            {
                _begun.Add(one);
                continue;
            }
            _lines.Enqueue(ByteText.Decode(CollectionsMarshal.AsSpan(_begun)));
            _begun.Clear();
        }
    }
}
