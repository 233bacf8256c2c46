// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hammer2.Tool.Extract;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Sends requests to a mount through its control file, <c>.hammer2/control</c>.</summary>
internal static unsafe class ControlFile
{
    private const int NoEntry = 2;                  // ENOENT
    private const int Interrupted = 4;              // EINTR
    private const int ReadOnly = 30;                // EROFS
    private const short CanRead = 1;                // POLLIN
    private const int PieceBytes = 1 << 16;

    /// <summary>Sends a request, and waits until it is done.</summary>
    /// <param name="directory">The mount, or a directory in it.</param>
    /// <param name="request">Its name.</param>
    /// <param name="arguments">Names and values of its arguments; an empty value is left out.</param>
    /// <returns>Its result.</returns>
    /// <exception cref="CommandException">The directory is not in a mount of HAMMER2 with a control file, or the request
    /// was refused.</exception>
    public static JsonElement Request(
        string directory, string request, params ReadOnlySpan<(string Name, string Value)> arguments)
    {
        byte[] text = Encode(directory, request, arguments);
        int descriptor = Open(directory);
        try
        {
            fixed (byte* bytes = text) _ = LinuxFiles.write(descriptor, bytes, text.Length);
            int error = Marshal.GetLastPInvokeError();
            while (true)
            {
                byte[] answer = Read(directory, descriptor);
                if (answer.Length == 0)
                    throw new CommandException(ExitCode.Failed, $"{directory}: {LinuxFiles.Describe(error)}");
                using JsonDocument document = JsonDocument.Parse(answer);
                JsonElement root = document.RootElement;
                string state = root.GetProperty("state").GetString()!;
                if (state == "done") return root.GetProperty("result").Clone();
                if (state != "running")
                    throw new CommandException(
                        ExitCode.Failed, $"{directory}: {root.GetProperty("message").GetString()}");
                Wait(descriptor);
            }
        }
        finally
        {
            _ = LinuxFiles.close(descriptor);
        }
    }

    private static byte[] Encode(
        string directory, string request, ReadOnlySpan<(string Name, string Value)> arguments)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("request", request);
            foreach ((string name, string value) in arguments)
            {
                if (value.Length == 0) continue;
                if (!System.Text.Unicode.Utf8.IsValid(ByteText.Encode(value)))
                {
                    throw new CommandException(ExitCode.Usage,
                        $"{directory}: {ByteText.ToPrintable(value)} is not UTF-8, which requests to a mount need");
                }
                json.WriteString(name, value);
            }
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static int Open(string directory)
    {
        string root = MountRoot.Of(directory);
        int descriptor;
        fixed (byte* path = ByteText.Encode(root + "/.hammer2/control\0"))
        {
            descriptor = LinuxFiles.openat(LinuxFiles.AtCurrentDirectory, path,
                LinuxFiles.OpenReadWrite | LinuxFiles.OpenCloseOnExec, 0);
        }
        if (descriptor >= 0) return descriptor;
        int error = Marshal.GetLastPInvokeError();
        throw error switch
        {
            NoEntry => new CommandException(ExitCode.CannotOpen,
                $"{directory}: is not in a HAMMER2 mount with a control file"),
            ReadOnly => new CommandException(ExitCode.Failed, $"{directory}: is mounted read-only"),
            _ => new CommandException(
                ExitCode.CannotOpen, $"{directory}: its control file: {LinuxFiles.Describe(error)}"),
        };
    }

    private static byte[] Read(string directory, int descriptor)
    {
        var answer = new ArrayBufferWriter<byte>();
        while (true)
        {
            nint count;
            fixed (byte* room = answer.GetSpan(PieceBytes)) count = LinuxFiles.read(descriptor, room, PieceBytes);
            int error = Marshal.GetLastPInvokeError();
            if (count < 0 && error == Interrupted) continue;
            if (count < 0) throw new CommandException(ExitCode.Failed, $"{directory}: {LinuxFiles.Describe(error)}");
            if (count == 0) return answer.WrittenSpan.ToArray();
            answer.Advance((int)count);
        }
    }

    private static void Wait(int descriptor)
    {
        var entry = new LinuxFiles.PollEntry { Descriptor = descriptor, Wanted = CanRead };
        _ = LinuxFiles.poll(&entry, 1, -1);
    }
}
