// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Has a mount change its options, as mount(8) asks with remount.</summary>
internal static class RemountCall
{
    /// <summary>Changes options.</summary>
    /// <param name="target">The mount.</param>
    /// <param name="lists">Lists of options.</param>
    /// <exception cref="CommandException">It is no mount, or the change was refused.</exception>
    public static void Run(string target, IReadOnlyList<string> lists)
    {
        var record = new RemountRecord();
        byte[] options = ByteText.Encode(string.Join(',', lists));
        Span<byte> text = record.Text;
        if (options.Length >= text.Length)
            throw new CommandException(ExitCode.MountUsage, $"-o: at most {text.Length - 1} bytes of options");
        options.CopyTo(text);
        MountIoctl.Call(target, IoctlCommand.Remount, ref record);
        if (record.Error == 0) return;
        ReadOnlySpan<byte> reason = record.Text;
        throw new CommandException(
            ExitCode.MountFailed, $"{target}: {ByteText.Decode(reason[..reason.IndexOf((byte)0)])}");
    }
}
