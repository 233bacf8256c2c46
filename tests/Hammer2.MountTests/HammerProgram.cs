// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>The result of a program.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Error);

/// <summary>
/// Runs the hammer2 program that was built with the tests, or another one that HAMMER2_PROGRAM names.
/// </summary>
internal static class HammerProgram
{
    /// <summary>How long a test waits for an expected event, also on a busy machine.</summary>
    public const int PatienceMilliseconds = 60_000;

    /// <summary>Path of the program under test.</summary>
    public static string ProgramPath { get; } = FindProgram();

    /// <summary>Runs it to its end.</summary>
    public static ProgramResult Run(params string[] words) => RunAny(ProgramPath, words);

    /// <summary>Runs any program to its end.</summary>
    public static ProgramResult RunAny(string program, params string[] words)
    {
        using Process process = Start(program, words);
        // A daemon that kept these streams open would block here: that it closes them is part of the test.
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        bool hasEnded = process.WaitForExit(PatienceMilliseconds);
        Assert.True(hasEnded, $"{program} {string.Join(' ', words)}: still running");
        bool isClosed = output.Wait(PatienceMilliseconds) && error.Wait(PatienceMilliseconds);
        Assert.True(isClosed, $"{program} {string.Join(' ', words)}: ended, but something keeps its streams");
        return new ProgramResult(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts it and leaves it running.</summary>
    public static Process Start(string program, IEnumerable<string> words)
    {
        // A shell without job control starts its background jobs with signals ignored, which programs inherit.
        var start = new ProcessStartInfo("env", ["--default-signal=HUP,INT,QUIT", program, .. words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
    }

    /// <summary>Processes that serve a mount on a directory, or wait for one that does.</summary>
    public static List<int> ServersOf(string target)
    {
        var found = new List<int>();
        foreach (string directory in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out int number)) continue;
            string[] words = WordsOf(directory);
            bool isMount = words.Contains("mount") || words.Contains("mount.hammer2");
            if (isMount && words.Contains(target)) found.Add(number);
        }
        return found;
    }

    /// <summary>Waits until a condition holds; fails the test when it does not within a minute.</summary>
    public static void WaitUntil(Func<bool> holds, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!holds())
        {
            var patience = TimeSpan.FromMilliseconds(PatienceMilliseconds);
            Assert.True(Stopwatch.GetElapsedTime(start) < patience, "timed out: " + what);
            System.Threading.Thread.Sleep(5);
        }
    }

    private static string[] WordsOf(string processDirectory)
    {
        try
        {
            string text = File.ReadAllText(Path.Combine(processDirectory, "cmdline"));
            return text.Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return [];      // ended meanwhile
        }
    }

    // The tests' own output lies in tests/NAME/bin/CONFIGURATION/FRAMEWORK.
    private static string FindProgram()
    {
        if (Environment.GetEnvironmentVariable("HAMMER2_PROGRAM") is { Length: > 0 } given) return given;
        string framework = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        string configuration = Path.GetFileName(Path.GetDirectoryName(framework)!);
        return RepositoryRoot.Below(
            "tools", "hammer2", "bin", configuration, Path.GetFileName(framework), "hammer2");
    }
}

/// <summary>A test that mounts with the program, and is skipped where there is no FUSE.</summary>
internal sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = MountConditions.WhyNot;
}

/// <summary>A test that mounts a block device; skipped when the kernel has no loop devices.</summary>
internal sealed class LoopMountFactAttribute : FactAttribute
{
    public LoopMountFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = MountConditions.WhyNot ?? LoopDevice.Absence;
}

/// <summary>A theory that mounts with the program, and is skipped where there is no FUSE.</summary>
internal sealed class MountTheoryAttribute : TheoryAttribute
{
    public MountTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = MountConditions.WhyNot;
}

/// <summary>A test that mounts as an ordinary user.</summary>
internal sealed class UserMountFactAttribute : FactAttribute
{
    public UserMountFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = MountConditions.WhyNot ?? MountConditions.WhyNotAsUser;
}

/// <summary>A test that runs the program as an ordinary user, without a mount.</summary>
internal sealed class OtherUserFactAttribute : FactAttribute
{
    public OtherUserFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip =
        PosixCalls.EffectiveUser() != 0 ? "becoming another user needs root"
        : !File.Exists("/usr/bin/setpriv") ? "there is no setpriv"
        : null;
}

/// <summary>A test of the native program, whose path HAMMER2_PROGRAM is.</summary>
internal sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        bool isNative = Environment.GetEnvironmentVariable("HAMMER2_PROGRAM") is { Length: > 0 };
        Skip = isNative ? null : "the program that was built with the tests is managed";
    }
}

/// <summary>What mounting needs of the machine.</summary>
internal static class MountConditions
{
    /// <summary>Why mounts cannot be tested here; null when they can.</summary>
    public static string? WhyNot { get; } =
        !File.Exists("/dev/fuse") ? "there is no /dev/fuse"
        : PosixCalls.EffectiveUser() != 0 ? "comparing owners and device nodes needs root"
        : null;

    /// <summary>Why an ordinary user cannot mount here; null when one can.</summary>
    public static string? WhyNotAsUser { get; } =
        PosixCalls.StatX("/dev/fuse", 0, out PosixStatus device) != 0 || (device.Mode & 6) != 6
        ? "/dev/fuse is not accessible to ordinary users"
        : !File.Exists("/usr/bin/setpriv") ? "there is no setpriv"
        : null;
}
