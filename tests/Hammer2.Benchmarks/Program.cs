// SPDX-License-Identifier: BSD-3-Clause

using System.Reflection;
using BenchmarkDotNet.Running;
using Hammer2.Benchmarks.Latency;
using Hammer2.Benchmarks.Micro;
using Hammer2.Benchmarks.Mount;
using Hammer2.Benchmarks.Scale;
using Hammer2.Benchmarks.Write;

switch (args)
{
    case ["mount", .. string[] rest]:
        return MountCommand.Run(rest, Console.Out, Console.Error);
    case ["data", .. string[] rest]:
        return DataCommand.Run(rest, Console.Out, Console.Error);
    case ["write", .. string[] rest]:
        return WriteCommand.Run(rest, Console.Out);
    case ["fsync", .. string[] rest]:
        return FsyncCommand.Run(rest, Console.Out);
    case ["peers", .. string[] rest]:
        return PeersCommand.Run(rest, Console.Out, Console.Error);
    case ["latency", .. string[] rest]:
        return LatencyCommand.Run(rest, Console.Out, Console.Error);
    case ["scale", .. string[] rest]:
        return ScaleCommand.Run(rest, Console.Out, Console.Error);
    case ["scale-plots", string directory]:
        return ScaleCommand.Draw(directory, Console.Out);
    case ["micro", .. string[] rest]:
        return BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(rest) is null ? 1 : 0;
    default:
        Console.Error.WriteLine("""
            usage: Hammer2.Benchmarks mount --image IMAGE [options]   mounts, measures and compares
                   Hammer2.Benchmarks data DIR [--scale N] [--squashfs FILE]   makes the measured tree
                   Hammer2.Benchmarks write DIR [NODES [SCALE]]   drives the write core on images in DIR
                   Hammer2.Benchmarks fsync DIR [NODES [FILES [CALLS]]]   what one fsync of 4 KiB costs
                   Hammer2.Benchmarks peers --program FILE [options]    writes to filesystems and compares
                   Hammer2.Benchmarks latency --program FILE [options]  what single calls take under load
                   Hammer2.Benchmarks scale --program FILE [options]    growth with the size, as data files
                   Hammer2.Benchmarks scale-plots DIR   draws those data files
                   Hammer2.Benchmarks micro [BenchmarkDotNet options]   benchmarks of single functions
            'mount --help' and 'data --help' list the options.
            """);
        return 2;
}
