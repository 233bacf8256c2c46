// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>Types of the write path are made of few others, so that each can be understood and tested with
/// those.</summary>
public sealed class FanOutTests
{
    private const int TypesMax = 8;

    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.Public | BindingFlags.NonPublic;

    // Puts all the others together.
    private static readonly string[] Compositions = [nameof(PfsWriter)];

    [Fact]
    public void No_type_of_the_write_path_but_the_composition_is_made_of_many_others()
    {
        string?[] folders = [typeof(PfsWriter).Namespace, typeof(BlockWriteBack).Namespace];
        IEnumerable<Type> types = typeof(PfsWriter).Assembly.GetTypes().Where(type => folders.Contains(type.Namespace)
            && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false));
        RepositoryAssert.None(types.Where(type => !Compositions.Contains(type.Name))
            .Select(type => (type.Name, Others: OthersOf(type)))
            .Where(found => found.Others.Count > TypesMax)
            .Select(found => $"{found.Name}: {found.Others.Count}: {string.Join(' ', found.Others)}"));
    }

    [Fact]
    public void Fields_and_parameters_of_constructors_are_counted_once_without_records_of_the_format() => Assert.Equal(
        ["BlockWriteBack", "CommitCycle", "FailStop", "InodeCache", "RankedLock"], OthersOf(typeof(CommitQueue)));

    /// <summary>The types of this project in fields and in parameters of constructors, by name; without the records of
    /// the format, enumerations, and types within the type.</summary>
    private static List<string> OthersOf(Type type)
    {
        IEnumerable<Type> mentioned = type.GetFields(Declared).Select(field => field.FieldType).Concat(
            type.GetConstructors(Declared).SelectMany(made => made.GetParameters(), (_, one) => one.ParameterType));
        return [.. mentioned.SelectMany(Parts).Where(other => other != type && other.DeclaringType != type
            && !other.IsEnum && IsOfProject(other)).Select(other => other.Name).Distinct().Order()];
    }

    private static bool IsOfProject(Type type) => type.Assembly != typeof(Hammer2Error).Assembly
        && type.Assembly.GetName().Name is { } name
        && (name.StartsWith("Hammer2.", StringComparison.Ordinal) || name == "Concurrency");

    // A generic type with what it is of; what an array or a reference is of.
    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.HasElementType) return Parts(type.GetElementType()!);
        return type.GetGenericArguments().SelectMany(Parts).Append(type);
    }
}
