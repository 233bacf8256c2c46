// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Hammer2.Fuse.Administration;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: each row of the table of requests has the same effect and the same error through the control file as text and
/// as JSON, upstream's ioctl and the command; a stranger is refused by each and changes nothing. Method: the table of
/// <see cref="DoorCases"/> on a mount of one node and one of three.
/// </summary>
public sealed class RequestDoorTests(DoorMounts mounts) : IClassFixture<DoorMounts>
{
    private const uint Stranger = 65534;
    private const int NotPermitted = 1;

    public static IEnumerable<object[]> Requests => RequestTable.Standard.Rows.Select(row => (object[])[row.Name]);

    [MountFact]
    public void Each_row_has_a_case_and_each_door_that_it_lacks_a_reason()
    {
        Assert.Equal(RequestTable.Standard.Rows.Select(row => row.Name).Order(StringComparer.Ordinal),
            DoorCases.All.Select(one => one.Request).Order(StringComparer.Ordinal));
        Assert.All(DoorCases.All, one =>
        {
            Assert.True(one.Ioctl is not null || one.WithoutIoctl.Length > 0, one.Request);
            Assert.True(one.Command is not null ^ one.WithoutCommand is not null, one.Request);
        });
    }

    [MountTheory]
    [MemberData(nameof(Requests))]
    public void A_good_call_does_the_same_through_each_door(string request)
    {
        DoorCase one = DoorCases.All.Single(one => one.Request == request);
        DoorMount mount = mounts.Of(one);
        var seen = new Dictionary<string, string>();
        (int Error, string Answer) json = Try("json", door => mount.Ask(ToJson(mount.Text(one.Good, door))));
        string? fact = one.Fact is null ? null : FactOf(one, json.Answer);
        (int Error, string Answer) text = Try("text", door => mount.Ask(mount.Text(one.Good, door)));
        Assert.Equal(one.GoodError, JsonError(json.Answer));
        Assert.Equal(one.GoodError, TextError(text.Answer));
        if (fact is not null) Assert.Contains(fact, text.Answer, StringComparison.Ordinal);
        if (one.Ioctl is { } ioctl)
        {
            (int Error, string Answer) called = Try("ioctl", door => Call(mount, door, ioctl, ioctl.Good, 0));
            Assert.Equal(one.GoodError, called.Error);
            if (ioctl.Fact is not null) Assert.Equal(fact, called.Answer);
        }
        if (one.Command is { } command)
        {
            (int Error, string Answer) ran = Try("command", door => Run(mount, door, command));
            Assert.True(one.GoodError == 0 == (ran.Error == 0), ran.Answer);
            if (fact is not null) Assert.Contains(fact, ran.Answer, StringComparison.Ordinal);
        }
        Assert.True(seen.Values.Distinct().Count() == 1, string.Join('\n', seen));

        (int, string) Try(string door, Func<string, (int, string)> call)
        {
            one.Before(mount, door);
            (int, string) answer = call(door);
            seen.Add(door, one.Seen(mount, door));
            one.After(mount, door);
            return answer;
        }
    }

    [MountTheory]
    [MemberData(nameof(Requests))]
    public void A_call_that_cannot_be_carried_out_has_one_error_through_each_door(string request)
    {
        DoorCase one = DoorCases.All.Single(one => one.Request == request);
        DoorMount mount = mounts.Of(one);
        string bad = mount.Text(one.Bad, "bad"), before = one.Seen(mount, "bad");
        Assert.Equal(one.BadError, TextError(mount.Ask(bad).Answer));
        (_, string answer) = mount.Ask(ToJson(bad));
        Assert.Equal(one.BadError, JsonError(answer));
        if (one.Ioctl is { Bad: { } fill } ioctl)
            Assert.Equal(one.BadError, Call(mount, "bad", ioctl, (_, _, record) => fill(record), 0).Error);
        if (one.BadCommand is { } command)
        {
            (int exitCode, string output) = Run(mount, "bad", command);
            Assert.True(exitCode is > 0 and < 70, output);
            Assert.NotEqual("", output);
        }
        Assert.Equal(before, one.Seen(mount, "bad"));
    }

    [MountTheory]
    [MemberData(nameof(Requests))]
    public void A_stranger_is_refused_by_each_door_unless_upstream_grants_it(string request)
    {
        DoorCase one = DoorCases.All.Single(one => one.Request == request);
        DoorMount mount = mounts.Of(one);
        bool isGranted = RequestTable.Standard.Find(request)!.Callers == AllowedCallers.Anyone;
        int expected = isGranted ? 0 : NotPermitted;
        string good = mount.Text(one.Good, "other"), before = one.Seen(mount, "other");
        Assert.Equal(expected, TextError(mount.Ask(good, Stranger).Answer));
        Assert.Equal(expected, JsonError(mount.Ask(ToJson(good), Stranger).Answer));
        if (one.Ioctl is { } ioctl) Assert.Equal(expected, Call(mount, "other", ioctl, ioctl.Good, Stranger).Error);
        if (one.Command is { } command && !isGranted)
        {
            (int exitCode, string output) = Run(mount, "other", command,
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--");
            Assert.True(exitCode is > 0 and < 70, output);
        }
        Assert.Equal(before, one.Seen(mount, "other"));
    }

    private static (int Error, string Answer) Call(
        DoorMount mount, string door, DoorIoctl ioctl, Action<DoorMount, string, byte[]> fill, uint user)
    {
        byte[] record = new byte[(ioctl.Number >> 16) & 0x3FFF];
        fill(mount, door, record);
        string path = user == 0 && ioctl.On is { } on ? on(mount, door) : mount.Root;
        using PosixFile file = PosixTree.Open(path);
        int result;
        using (PosixCalls.ActAs(user, user))
            result = PosixCalls.InputOutputControl(file.Id, ioctl.Number, record);
        if (result == 0 && ioctl.ErrorIn is { } error) result = -error(record);
        return (-result, result == 0 && ioctl.Fact is { } fact ? fact(record) : "");
    }

    private static (int Error, string Answer) Run(
        DoorMount mount, string door, string command, params string[] prefix)
    {
        string[] words = mount.Text(command, door).Split(' ');
        string[] all = words[0] == "sh"
            ? [.. prefix, "sh", "-c", HammerProgram.ProgramPath + " " + string.Join(' ', words[1..])]
            : [.. prefix, HammerProgram.ProgramPath, .. words];
        ProgramResult result = HammerProgram.RunAny(all[0], all[1..]);
        return (result.ExitCode, result.Output + result.Error);
    }

    private static string FactOf(DoorCase one, string answer)
    {
        using JsonDocument document = JsonDocument.Parse(answer);
        return one.Fact!(document.RootElement.GetProperty("result"));
    }

    // name word key=value ...: the word is that of the first parameter.
    private static string ToJson(string line)
    {
        string[] words = line.Split(' ');
        IEnumerable<string> fields = words[1..].Select(word => word.Split('=', 2))
            .Select(pair => $",\"{pair[0]}\":{JsonSerializer.Serialize(pair[1])}");
        return $"{{\"request\":\"{words[0]}\"{string.Concat(fields)}}}";
    }

    private static int JsonError(string answer)
    {
        using JsonDocument document = JsonDocument.Parse(answer);
        int error = document.RootElement.GetProperty("errno").GetInt32();
        Assert.Equal(error == 0 ? "done" : "failed", document.RootElement.GetProperty("state").GetString());
        return error;
    }

    private static int TextError(string answer)
    {
        if (answer.StartsWith("done\n", StringComparison.Ordinal)) return 0;
        Assert.StartsWith("failed ", answer, StringComparison.Ordinal);
        return int.Parse(answer.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}

/// <summary>The mounts of all cases.</summary>
public sealed class DoorMounts : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-doors-").FullName;
    private MountFixture? _one;
    private MountFixture? _three;
    private MountFixture? _ended;

    public void Dispose()
    {
        _ended?.Dispose();
        _one?.Dispose();
        _three?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    internal DoorMount Of(DoorCase one) => new(one.EndsMount ? Another() : one.IsOfCluster ? _three ??= Three()
        : _one ??= One(), _directory);

    private MountFixture Another()
    {
        _ended?.Dispose();
        string image = Path.Combine(_directory, "ended.img");
        DoorMount.Do("newfs", "--force", "-s", "1g", "-L", "CL", image);
        return _ended = MountFixture.MountForWriting(image + "@CL");
    }

    private MountFixture One()
    {
        string image = Path.Combine(_directory, "one.img");
        DoorMount.Do("newfs", "-s", "1g", "-L", "CL", image);
        MountFixture mount = MountFixture.MountForWriting(image + "@CL");
        File.WriteAllText(mount.Root + "/f", "f");
        for (int file = 0; file < 200; file++) File.WriteAllText($"{mount.Root}/g{file}", new string('g', file));
        DoorMount.Do("snapshot", mount.Root, "s0");
        string stream = Path.Combine(_directory, "stream");
        ProgramResult sent = HammerProgram.RunAny(
            "sh", "-c", $"{HammerProgram.ProgramPath} send {mount.Root}@s0 > {stream}");
        Assert.True(sent.ExitCode == 0, sent.Error);
        byte[] whole = File.ReadAllBytes(stream);
        File.WriteAllBytes(stream + ".part", whole[..(whole.Length / 2)]);
        return mount;
    }

    private MountFixture Three()
    {
        string[] nodes = [.. Enumerable.Range(0, 3).Select(node => Path.Combine(_directory, $"n{node}.img"))];
        DoorMount.Do(["newfs", "-s", "256m", "--cluster", "CL", .. nodes]);
        return MountFixture.MountForWriting([nodes[0] + "@CL", .. nodes[1..]]);
    }
}
