// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using Hammer2.Format;

namespace Hammer2.Devices.Claims;

/// <summary>A process that writes volumes, as its marks name it.</summary>
/// <param name="Id">Drawn at random: no other process has it.</param>
/// <param name="Host">Name of the machine, for people.</param>
/// <param name="BootId">The kernel that it runs on; zero when that is not known.</param>
/// <param name="ProcessNamespace">In which its number is valid; 0 when that is not known.</param>
/// <param name="ProcessId">Its number.</param>
public sealed record WriterIdentity(
    MediaUuid Id, string Host, MediaUuid BootId, ulong ProcessNamespace, long ProcessId)
{
    private static readonly Lazy<WriterIdentity> s_current = new(Read);

    /// <summary>This process.</summary>
    public static WriterIdentity Current => s_current.Value;

    /// <summary>True when a mark is this writer's own.</summary>
    public bool IsOwn(WriterMark mark) => mark.Fields.WriterId == Id;

    /// <summary>True when the writer of a mark certainly runs no more: it ran on this kernel, and its process is
    /// gone.</summary>
    /// <param name="mark">The mark.</param>
    /// <param name="isRunning">Whether a process of this machine runs.</param>
    public bool IsGone(WriterMark mark, Func<long, bool> isRunning)
    {
        ref readonly WriterMarkFields fields = ref mark.Fields;
        return BootId != default && fields.BootId == BootId
            && ProcessNamespace != 0 && fields.ProcessNamespace == ProcessNamespace
            && !isRunning(fields.ProcessId);
    }

    /// <summary>A mark of this writer.</summary>
    public WriterMark Mark(in MediaUuid filesystemId, WriterMarkState state, ulong sequence, DateTimeOffset begun)
    {
        var mark = new WriterMark { Host = Host };
        mark.Fields = new WriterMarkFields
        {
            State = state,
            FilesystemId = filesystemId,
            WriterId = Id,
            Sequence = sequence,
            BootId = BootId,
            ProcessNamespace = ProcessNamespace,
            ProcessId = ProcessId,
            BegunMicroseconds = begun.ToUnixTimeMilliseconds() * 1000,
        };
        return mark;
    }

    private static WriterIdentity Read()
    {
        Span<byte> id = stackalloc byte[16];
        RandomNumberGenerator.Fill(id);
        string[] boot = ProcFile.Lines("/proc/sys/kernel/random/boot_id");
        MediaUuid bootId = boot.Length > 0 && Guid.TryParse(boot[0], out Guid parsed)
            ? MediaUuid.From(parsed) : default;
        return new WriterIdentity(
            MediaUuid.From(new Guid(id)), Environment.MachineName, bootId, ReadNamespace(), Environment.ProcessId);
    }

    // "pid:[4026531836]"
    private static ulong ReadNamespace()
    {
        string? target = File.Exists("/proc/self/ns/pid") ? new FileInfo("/proc/self/ns/pid").LinkTarget : null;
        return target is not null && target.StartsWith("pid:[", StringComparison.Ordinal)
            && ulong.TryParse(target.AsSpan(5).TrimEnd(']'), CultureInfo.InvariantCulture, out ulong number)
            ? number : 0;
    }
}
