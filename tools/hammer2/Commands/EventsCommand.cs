// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Prints what happened to a mount, and follows it.</summary>
internal static class EventsCommand
{
    private static readonly ArgumentRow Mount = new("MOUNT", "a directory in a mount") { Completes = Completion.Directory };

    private static readonly OptionRow Follow = new("--follow", "wait for further events until the mount ends, or ^C");

    private static readonly OptionRow New = new("--new", "begin with the next event, and not with the oldest one that is left");

    public static readonly CommandRow Row = new("events", "print what happened to a mount, and follow it", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            An event is a message of severity information or above: a node that failed, returned or is synced again,
            damage that was found or healed, a scrub that ended, writing that stopped, a request that changed something.
            The last 1024 of them are kept. They are in the log as well: see LOG in hammer2(8). With --json each is a
            line of JSON with number, lost (how many before it were dropped unread), time, level, source and message.

            With --follow a program can act on each: 'hammer2 events --json --follow --new /srv | notify-script'. The
            output is written event by event. The mount is in use meanwhile: umount(8) is refused until this command has
            ended. For the user that mounted it, and root where it may enter the mount.
            """,
        Arguments = [Mount],
        Options = [Follow, New],
        Examples =
        [
            new("hammer2 events /mnt", "what happened to a mount"),
            new("hammer2 events --follow --new /mnt", "what happens from now on"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        bool isJson = invocation.Has(CommonOptions.Json), follows = invocation.Has(Follow);
        using LineFile file = LineFile.Open(
            invocation.Text(Mount), "events", "the volume has an entry of its own of that name");
        if (invocation.Has(New))
            while (file.Next() is not null) continue;
        while (true)
        {
            while (file.Next() is { } line) invocation.Terminal.Out.WriteLine(isJson ? line : TextOf(line));
            invocation.Terminal.Out.Flush();
            if (!follows || !file.Wait()) return ExitCode.Ok;
        }
    }

    /// <summary>A line of JSON as text.</summary>
    internal static string TextOf(string line)
    {
        var found = EventText.Parse(line);
        var text = new StringBuilder();
        if (found.Lost > 0) _ = text.Append(found.Lost).Append(" events were dropped unread\n");
        return text.Append(found.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", null))
            .Append(' ').Append(found.Level).Append(' ').Append(found.Source)
            .Append(": ").Append(ByteText.ToPrintable(found.Message)).ToString();
    }
}
